"""Lets a PyTorch that was built for CUDA run where there is none.

The package registry has PyTorch for x86 only in the build for CUDA. Its part for CPUs is the
same as everywhere, but it does not load without libraries of CUDA, several gigabytes of which
nothing is called on a CPU. This makes libraries of the same names, each a few kilobytes, whose
functions all say that there is no device. Called with the folder of the package `torch`.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CUDA = re.compile(r"lib(cu|nccl|nv)[A-Za-z_]*\.so\.\d+$")
# What cudaGetDeviceCount says where there is none.
NO_DEVICE = 100


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def needed(library):
    """The libraries that this one does not load without."""
    found = (re.search(r"\(NEEDED\).*\[(.*)\]", line) for line in lines("readelf", "-d", library))
    return {match[1] for match in found if match}


def versions(library):
    """What this one asks other libraries for: a version, and the library that is to have it."""
    file = None
    for line in lines("readelf", "-V", library):
        if match := re.search(r"File: (\S+)", line):
            file = match[1]
        elif file and (match := re.search(r"Name: (\S+) +Flags", line)):
            yield match[1], file


def missing(library):
    """Functions that this one has from others: name, and version where it has one."""
    for line in lines("nm", "-D", "--undefined-only", "--with-symbol-versions", library):
        name, _, version = line.split()[-1].partition("@")
        yield name, version.lstrip("@")


def body(name):
    """In C: a text where a text is asked for, else the number of an error."""
    if re.search(r"(String|ErrorName)$", name):
        return f'const char *{name}(void) {{ return "there is no device"; }}\n'
    return f"int {name}(void) {{ return {NO_DEVICE}; }}\n"


def make(path, functions):
    """A library of functions of some versions."""
    names = sorted(name for version in functions.values() for name in version)
    script = "".join(
        f"{version} {{ global: {'; '.join(sorted(functions[version]))}; }};\n"
        for version in sorted(filter(None, functions))
    )
    with tempfile.TemporaryDirectory() as folder:
        source, map_file = Path(folder, "source.c"), Path(folder, "versions")
        source.write_text("".join(body(name) for name in names))
        map_file.write_text(script)
        command = ["cc", "-shared", "-fPIC", "-w", "-fno-builtin", "-o", path, source]
        command.append(f"-Wl,-soname,{path.name}")
        if script:
            command.append(f"-Wl,--version-script,{map_file}")
        subprocess.run(command, check=True)


def main(package):
    folder = Path(package, "lib")
    torch = sorted(folder.glob("*.so"))
    absent = {name for library in torch for name in needed(library) if CUDA.match(name)}
    holders = {version: file for library in torch for version, file in versions(library)}
    functions = {name: {} for name in absent}
    # Of some functions nobody says which library has them, and any may: the one loaded first.
    [first] = [name for name in absent if name.startswith("libcudart.")]
    for library in torch:
        for name, version in missing(library):
            holder = holders.get(version)
            if holder in functions:
                functions[holder].setdefault(version, set()).add(name)
            elif not version and re.match(r"(cu|nccl|nv)", name):
                functions[first].setdefault("", set()).add(name)
    for name, found in sorted(functions.items()):
        make(folder / name, found)
    print(f"{len(functions)} small libraries stand in for those of CUDA")


if __name__ == "__main__":
    main(sys.argv[1])
