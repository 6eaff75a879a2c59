#!/bin/sh
# Builds the images of test products from Debian packages, without a registry (see README.md).
# usage: build.sh NAME…   (names of the folders beside this file); needs root, podman and debootstrap.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
podman=${PODMAN:-podman}
release=bookworm
base=localhost/osk-base:$release

[ $# -gt 0 ] || { echo "usage: $0 NAME…" >&2; exit 2; }

# Not quoted below: PODMAN may hold options.
if ! $podman image exists "$base"; then
    echo "Building $base …"
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=ca-certificates "$release" "$root" >"$root.log" 2>&1 \
        || { tail -20 "$root.log" >&2; exit 1; }
    rm -f "$root.log"
    # Which archive is asked is the machine's own affair, also for what is built on top.
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    [ ! -d /etc/apt/sources.list.d ] || cp -R /etc/apt/sources.list.d "$root/etc/apt/"
    [ ! -f /etc/apt/sources.list ] || cp /etc/apt/sources.list "$root/etc/apt/"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    tar -C "$root" --exclude=./dev/* -c . | $podman import --change "ENV LANG=C.UTF-8" - "$base" >/dev/null
fi

for name in "$@"; do
    image=localhost/osk-$name:$release
    echo "Building $image …"
    $podman build --quiet --isolation chroot --network host --tag "$image" "$here/$name" >/dev/null
done
