"""One new event at the cost of one position: what each block carries is handed from pass to pass.

Exact while the history fits the model, where positions count from the oldest event (rotary, learned from the oldest,
or none): nothing that an earlier event gave changes when a later one comes. Once the window slides, every position
shifts, and the history is encoded anew.

A step gives back only what is new, and the client writes it over a column of padding: copying hundreds of columns from
pass to pass would cost more than the event.
"""

from recsys.config.model import ModelConfig
from recsys.core.errors import ConfigError
from recsys.core.history import History
from recsys.models.keras import tf
from recsys.models.mixers import State
from recsys.models.sasrec import Hidden, SASRec

Outputs = dict[str, tf.Tensor]


def check(config: ModelConfig) -> None:
    """Raises ConfigError when the model's positions shift with every event."""
    if config.positions == "newest":
        raise ConfigError(
            "export.signatures: incremental needs positions that a new event leaves alone; "
            "train with model.positions=rotary (or oldest, or none)"
        )


def state_specs(model: SASRec) -> dict[str, tf.TensorSpec]:
    """What ``step`` takes of each block, by input name: a part of the state and the block's number."""
    return {
        f"{name}_{number}": tf.TensorSpec(shape, tf.float32, name=f"{name}_{number}")
        for number, block in enumerate(model.blocks)
        for name, shape in block.mixer.state_shapes(model.config.max_length).items()
    }


def start(model: SASRec, history: History) -> Outputs:
    """Encode a whole history.

    Returns:
        ``embedding [1, width]``, the query embedding, and each part of the state, ``[blocks, …]``.
    """
    return _outputs(model.hidden(history, newest_only=True))


def step(model: SASRec, event: History, count: tf.Tensor, states: Outputs) -> Outputs:
    """Encode one more event.

    Args:
        event: as ``step_spec`` has it.
        count: ``[1, 1] int32``, real events before it; less than the model's length.
        states: as ``start`` gave them and steps went on writing, by the names of ``state_specs``.

    Returns:
        As ``start``, with what the event adds to the state (see ``Mixer.step``).
    """
    names = list(model.blocks[0].mixer.state_shapes(model.config.max_length))
    carried: list[State] = [{name: states[f"{name}_{number}"] for name in names} for number in range(len(model.blocks))]
    return _outputs(model.step(event, count, carried))


def _outputs(hidden: Hidden) -> Outputs:
    stacked = {name: tf.concat([state[name] for state in hidden.carried], 0) for name in hidden.carried[0]}
    return {**stacked, "embedding": hidden.states[:, 0]}
