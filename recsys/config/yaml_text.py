"""YAML as people mean it: no key twice, no word taken for a boolean, nothing that grows when it is read."""

import re
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from recsys.config.secrets import scrubbed
from recsys.core.errors import ConfigError

MOST_VALUES = 10_000  # of a whole text, with every alias written out
# What is no string, a part of YAML 1.2's core schema: yes, no, on, 12:30, 010 and 2024-01-31 stay as they are written.
_RESOLVED = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (r"[-+]?[0-9][0-9_]*\.[0-9]*(?:[eE][-+][0-9]+)?|\.[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", None),
    "null": (r"~|null|Null|NULL|", None),
    "merge": (r"<<", "<"),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with resolvers of its own and a look at every mapping before keys are merged."""

    def compose_mapping_node(self, anchor: Any) -> MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, ScalarNode):
                named, line = (key.tag, key.value), key.start_mark.line + 1
                if named in lines:
                    raise ConfigError(f"key {key.value!r} stands twice, in lines {lines[named]} and {line}; keep one")
                lines[named] = line
        return node


_Loader.yaml_implicit_resolvers = {}
for _name, (_pattern, _first) in _RESOLVED.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})$"), _first)


def read_yaml(text: str) -> Any:
    """The value of one YAML document; tags make nothing but plain values.

    Raises:
        ConfigError: not YAML, a key twice in one section, or more values than a config can have.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _written_out(node, {})
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        tabs = "; indent with blanks, not with tabs" if "'\\t'" in str(error) else ""
        raise ConfigError(scrubbed(f"not YAML: {error}{tabs}")) from None
    except RecursionError:
        raise ConfigError("not a config: nested too deeply") from None
    except (ValueError, LookupError, AttributeError, TypeError) as error:  # what a tag promises and is not
        raise ConfigError(scrubbed(f"not YAML: {error}")) from None


def _written_out(node: Node, known: dict[Node, int]) -> int:
    """How many values ``node`` is, with each alias as many as what it stands for."""
    if node in known:
        if not known[node]:
            raise ConfigError(f"line {node.start_mark.line + 1}: an alias stands for what it is inside of")
        return known[node]
    known[node] = 0
    inner: list[Node] = []
    if isinstance(node, MappingNode):
        inner = [part for pair in node.value for part in pair]
    elif isinstance(node, SequenceNode):
        inner = node.value
    known[node] = 1 + sum(_written_out(one, known) for one in inner)
    if known[node] > MOST_VALUES:
        raise ConfigError(f"more than {MOST_VALUES:,} values, aliases written out; no config is as large")
    return known[node]
