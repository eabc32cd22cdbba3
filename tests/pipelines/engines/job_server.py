"""Beam's job servers for Flink and Spark, put together of what they are made of, from Maven."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

# The engines reach into the JDK; Java 17 wants that said.
OPENED = ("java.lang", "java.lang.invoke", "java.util", "java.util.concurrent", "java.net", "java.nio", "sun.nio.ch")
JAVA_17 = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]


def fetch(folder: Path, engine: str) -> Path:
    """Fetch the jars of ``ENGINE_pom.xml`` into ``folder``; gives the job server's, which names the others.

    Skips the test without them.
    """
    if not shutil.which("java") or not shutil.which("mvn"):
        pytest.skip(f"{engine} needs Java and Maven, which are not both installed")
    pom = Path(__file__).with_name(f"{engine.lower()}_pom.xml")
    command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "[ERROR]" in line]
        pytest.skip(f"Maven could not fetch {engine}: {lines[0] if lines else done.stderr}")
    jar = folder / "job-server.jar"
    others = " ".join(sorted(one.name for one in folder.glob("*.jar")))
    text = f"Class-Path: {others}"
    wrapped = "\r\n ".join(text[start : start + 70] for start in range(0, len(text), 70))  # a line takes 72 bytes
    main = f"org.apache.beam.runners.{engine.lower()}.{engine}JobServerDriver"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n{wrapped}\r\n\r\n")
    return jar
