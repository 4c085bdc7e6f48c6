#!/bin/sh
# Remake the hash-pinned lock files from the .in files. Needs `uv` on the path.
set -eu
cd "$(dirname "$0")"
lock() { # NAME [uv options]: NAME.in -> NAME.txt
    name=$1
    shift
    uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
        --no-header --no-annotate "$@" "$name.in" -o "$name.tmp"
    { echo "# Made by requirements/lock.sh from $name.in: don't edit."; cat "$name.tmp"; } >"$name.txt"
    rm "$name.tmp"
}
lock laptop --no-deps --upgrade
# The default build of llama.cpp takes the builder's own instruction set, which crashes on
# other machines (and here: AMX). These options make a build for any x86-64 with AVX2, and
# leave out the multimodal library, which we don't use.
sed -i 's/^llama-cpp-python==[^ ]* \\$/&\
    --config-settings=cmake.define.GGML_NATIVE=OFF \\\
    --config-settings=cmake.define.LLAVA_BUILD=OFF \\/' laptop.txt
lock build --upgrade
lock models --no-deps --upgrade
lock test --upgrade
lock workstation --no-deps --upgrade
lock airgap --no-deps --upgrade
