# shellcheck shell=bash
# The lab's network: a bridge in the anchor's namespace, one veth for each host. There is no way out of it: no
# default route, and no interface in the machine's own namespace.

lab_ip() { # ip(8) beside the bridge. Only the network namespace is entered: pids mean what they mean on the machine.
	nsenter -t "$(<"$LAB_DIR/anchor")" -n ip "$@"
}

lab_mac() { # ADDRESS: from the address, so that a rogue at a DC's address has the DC's hardware address too
	printf '02:77:00:00:00:%02x' "${1##*.}"
}

lab_plug() { # NAME ADDRESS: gives a new host its interface eth0
	local name=$1 addr=$2 pid
	pid=$(<"$LAB_DIR/$name/pid")
	lab_ip link add "v-$name" type veth peer name eth0 address "$(lab_mac "$addr")" netns "$pid" &&
		lab_ip link set "v-$name" up &&
		nsenter -t "$pid" -n ip addr add "$addr/24" dev eth0 &&
		nsenter -t "$pid" -n ip link set eth0 up
}

lab_attach() { lab_ip link set "v-$1" master br0; }
lab_detach() { lab_ip link set "v-$1" nomaster; }

# lab_swap_dc FROM TO: from now on TO answers at the DC's address instead of FROM.
lab_swap_dc() {
	lab_detach "$1" && lab_attach "$2"
}

lab_cut() { nsenter -t "$(<"$LAB_DIR/$1/pid")" -n ip link set eth0 down; }
lab_uncut() { nsenter -t "$(<"$LAB_DIR/$1/pid")" -n ip link set eth0 up; }

# lab_blackhole HOST: what HOST sends is lost without an answer. The neighbour entry is nailed down, or the kernel
# would soon say "no route to host", which is another condition.
lab_blackhole() {
	nsenter -t "$(<"$LAB_DIR/$1/pid")" -n ip neigh replace "$LAB_DC_ADDR" lladdr "$(lab_mac "$LAB_DC_ADDR")" \
		dev eth0 nud permanent && lab_detach "$1"
}
lab_unblackhole() {
	lab_attach "$1" && nsenter -t "$(<"$LAB_DIR/$1/pid")" -n ip neigh del "$LAB_DC_ADDR" dev eth0
}
