#!/bin/bash
# The first process of a lab: makes the switch that the hosts are plugged into and becomes the init of the namespace
# in which all of them are nested.
#
#     anchor.sh STATE-DIR
set -eu

# /proc is still the machine's: it tells the pid by which the machine knows this process.
read -r pid _ </proc/self/stat
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
echo "$pid" >"$1/anchor.new"
mv "$1/anchor.new" "$1/anchor" # readers see all of it or nothing
exec tini -- sleep infinity
