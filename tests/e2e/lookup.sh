#!/usr/bin/env bash
# Who was never seen, on a broken host: the first look-up repairs it, so that the first connection gets in. What else may come: a
# user of no domain, many of them, a helper that hangs, dies or lies, callers who must not ask. And the logon that a cache allows.
set -u
. "$(dirname "$0")/lib.sh"

# Stands where the helper stood: counts the runs, then plays what /run/play says, or runs the real one. A script can't: the
# clients start it by its descriptor.
fake_helper() {
	lab_run_in m1 "$LAB_CHECKOUT" <<-'E'
		set -e
		cd /usr/libexec/retrust
		mv retrust-helper /root/real
		cat >/root/fake.c <<-'C'
			#include <fcntl.h>
			#include <retrust/proto.h>
			#include <string.h>
			#include <sys/socket.h>
			#include <unistd.h>

			static struct rt_msg msg;

			static void say(enum rt_msg_type type, enum rt_tag tag, unsigned value)
			{
				proto_begin(&msg, type);
				proto_put_u32(&msg, tag, value);
				if (type == RT_MSG_RESULT) {
					proto_put_u32(&msg, RT_TAG_EXIT, 0);
					proto_put_u32(&msg, RT_TAG_CONDITION, 0);
				}
				if (proto_send(0, &msg, -1, 100) != 0)
					_exit(1);
			}

			int main(int argc, char **argv)
			{
				char play[16] = "";
				int runs = open("/run/runs", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
				int how = open("/run/play", O_RDONLY | O_CLOEXEC);
				(void)argc;
				(void)!write(runs, "r", 1);
				(void)!read(how, play, sizeof play - 1);
				if (strcmp(play, "hang\n") == 0)
					sleep(30);
				else if (strcmp(play, "die\n") == 0)
					return 1;
				else if (strcmp(play, "junk\n") == 0)
					return send(0, "rtr1 and nothing of sense", 25, MSG_NOSIGNAL) < 0;
				else if (strcmp(play, "lie\n") == 0)
					say(RT_MSG_RESULT, RT_TAG_RETRY, 1);
				else if (strcmp(play, "talk\n") == 0)
					for (;; usleep(20000))
						say(RT_MSG_STEP, RT_TAG_STEP, 1);
				else
					execv("/root/real", argv);
				return 1;
			}
		C
		cc -I"$1/include" -D_GNU_SOURCE -o retrust-helper /root/fake.c "$1"/helper/client/proto.c "$1"/helper/base/deadline.c
	E
}
# shellcheck disable=SC2016  # for the host's shell
play() { lab_run m1 sh -c 'rm -f /run/play /run/runs; echo "$1" >/run/play' sh "${1-real}"; }
runs() { lab_run m1 sh -c 'cat /run/runs 2>/dev/null | wc -c'; }
asked() { same "$1" "$(runs)"; } # TIMES

# Broken and known to be, nobody is in SSSD's cache.
broken() {
	lab_reset_account m1 && { retrust_json verify || condition_is secret-mismatch; } && lab_sssd m1 cold-cache &&
		sleep 1.1 && play # the verdict's seconds are over
}
getent_of() { run lab_run m1 getent passwd "$1"; } # USER
unknown() { same 2 "$code"; }
repaired_once() { same $((kvno + 1)) "$(lab_kvno m1)"; }

e2e_begin
lab_run m1 sed -i 's/^\(passwd\|group\): files sss/& retrust/' /etc/nsswitch.conf
setting 'verdict_seconds = 1'
fake_helper || e2e_bail "a helper in the helper's place"
printf '%s\n' "dn: CN=g-late,CN=Users,$LAB_BASE" "objectClass: group" "sAMAccountName: g-late" "member: CN=u016,CN=Users,$LAB_BASE" |
	lab_ldb dc1 ldbadd >/dev/null

# Never seen
for way in sshd su; do
	need "$way: broken" broken
	kvno=$(lab_kvno m1)
	case $way in sshd) user=u011 ;; su) user=u012 ;; esac
	logon "$way" "$user"
	check "$way of a never-seen user: in, on the first try" admitted
	check "$way of a never-seen user: one change of password" repaired_once
done
need "getent: broken" broken
getent_of u014
check "getent of a never-seen user: answered" shows "u014:*:"
check "getent of a never-seen user: within a repair's time" within 4000
need "getent group: broken" broken
run lab_run m1 getent group g-late
check "getent of a never-seen group: answered" shows "g-late:*:"
check "getent of a never-seen group: its member" shows ":u016"
check "getent of a never-seen group: within a repair's time" within 4000
# Nobody knows yet that it is broken: the record tells of health, and is some minutes old. (A machine that was just started has
# no time of that age.)
# shellcheck disable=SC2016  # Perl's
silently_broken() {
	broken && lab_run m1 perl -e 'open F, "+<:raw", "/run/retrust/health" or die; read F, $r, 192; seek F, 0, 0;
		open U, "/proc/uptime"; substr($r, 4, 12) = pack "L Q", 1, (split " ", <U>)[0] * 1000 - 360000;
		$sum = 2166136261; $sum = (($sum ^ $_) * 16777619) & 0xffffffff for unpack "C*", $r; print F $r, pack "L", $sum'
}
if (($(cut -d. -f1 /proc/uptime) > 420)); then
	for way in sshd su; do
		need "$way: silently broken" silently_broken
		kvno=$(lab_kvno m1)
		case $way in sshd) user=u017 ;; su) user=u018 ;; esac
		logon "$way" "$user"
		check "$way of a never-seen user, an old verdict: in, on the first try" admitted
		check "$way of a never-seen user, an old verdict: one change of password" repaired_once
	done
fi
need "an ordinary user's program: broken" broken
lab_daemon m1 door sh -c 'echo $$ >/run/door.pid
	exec systemd-socket-activate --accept --seqpacket --inetd -l /run/retrust/helper.sock /usr/libexec/retrust/retrust-helper'
lab_wait 5 "the door" /var/log/door.out lab_run m1 chmod 666 /run/retrust/helper.sock
run lab_run m1 setpriv --reuid=local --regid=local --init-groups getent passwd u015
check "an ordinary user's program, by the door: answered" shows "u015:*:"
check "an ordinary user's program: the helper was asked once" asked 1
# shellcheck disable=SC2016
lab_run m1 sh -c 'kill "$(cat /run/door.pid)"; rm -f /run/retrust/helper.sock'

# Nobody can repair it now. Names of no domain, and who must not ask.
lab_run m1 mv /var/lib/retrust/spare.keytab /root/
need "no spare key: broken" broken
kvno=$(lab_kvno m1)
getent_of nobody-at-all
check "a user of no domain: not found" unknown
check "a user of no domain: in time" within 1500
check "a user of no domain: asked once" asked 1
play
run lab_run m1 getent passwd nobody-{1..40}
check "forty names in one process: not found" unknown
check "forty names in one process: asked once" asked 1
check "forty names in one process: in time" within 1500
play
# shellcheck disable=SC2016
run lab_run m1 sh -c 'for n in 1 2 3 4 5 6 7 8 9 10; do ls -ln / >/dev/null; ls -l / >/dev/null; getent passwd 4711; getent group 4711
	getent initgroups root; su root -c true; done'
check "ids, and the groups of a local user: nobody asks" asked 0
run lab_run m1 getent group no-group-{1..40}
check "forty names of groups in one process: not found" unknown
check "forty names of groups in one process: asked once" asked 1
check "forty names of groups in one process: in time" within 1500
for name in retrust-helper sssd_be winbindd systemd nscd; do
	play
	lab_run m1 cp /usr/bin/getent "/root/$name"
	run lab_run m1 "/root/$name" passwd nobody-at-all
	check "$name: never asks" asked 0
	check "$name: not found" unknown
done
lab_run m1 cp /usr/bin/getent /root/somebody
play
run lab_run m1 /root/somebody passwd nobody-at-all
check "any other program asks" asked 1

# A helper that isn't to be relied on
# shellcheck disable=SC2016
for how in hang die junk lie; do
	play $how
	getent_of u021
	check "helper: $how: not found" unknown
	check "helper: $how: asked once" asked 1
	check "helper: $how: within the deadline" within 1500
	# Without the time that SSSD takes; the best of three, because the machine may have other work.
	run lab_run m1 sh -c 'for n in 1 2 3; do
		start=$(date +%s%N)
		getent -s retrust passwd u021
		echo $((($(date +%s%N) - start) / 1000000))
	done | sort -n | head -1'
	check "helper: $how: our own part is over after 200 ms" test "$seen" -le 250
done
play talk
getent_of u021
check "helper: talks for ever: not found" unknown
check "helper: talks for ever: within a repair's time" within 4000
lab_run m1 mv /usr/libexec/retrust/retrust-helper /root/fake
getent_of u021
check "no helper at all: not found" unknown
check "no helper at all: in time" within 1500
lab_run m1 mv /root/fake /usr/libexec/retrust/retrust-helper
check "nothing was changed by all that" same "$kvno" "$(lab_kvno m1)"
lab_run m1 mv /root/spare.keytab /var/lib/retrust/

# A logon from SSSD's cache. Its session line has the channel repaired behind the logon.
online() { lab_run m1 pamtester lab-sss "$1" authenticate < <(echo Passw0rd-u); } # USER whom no cache knows
play
retrust_json repair
lab_sssd_conf m1 cache_credentials true && lab_sssd m1 warm
logon sshd bob
need "bob was here once" admitted
line="This computer's secure channel to its domain is broken; it is being repaired."
cached() { # WHAT WAY
	kvno=$(lab_kvno m1)
	logon "$2" bob
	check "$1: in" admitted
	check "$1: at once" within 2000
}
lab_reset_account m1
retrust_json verify
need "the secret is wrong, and that is known" condition_is secret-mismatch
lab_sssd m1 offline && sleep 0.3
cached "cached logon, the secret is wrong" login # su and sshd show no such line where a command is given
check "cached logon: one line about it" same 1 "$(grep -cF "$line" <<<"$seen")"
check "cached logon: and nothing else" hides "The system cannot"
check "cached logon: repaired within seconds" lab_wait 5 "a repair" /var/log repaired_once
check "cached logon: healthy" healthy
check "cached logon: SSSD is online" lab_wait 3 "SSSD online" /var/log/sssd online u031

lab_sssd m1 offline && lab_reset_account m1 && forget_verdict
cached "cached logon, nobody has looked yet" sshd
check "nobody has looked yet: repaired within seconds" lab_wait 5 "a repair" /var/log repaired_once
check "nobody has looked yet: SSSD is online" lab_wait 3 "SSSD online" /var/log/sssd online u032

lab_cut m1 && lab_reset_account m1 && lab_sssd m1 offline && sleep 0.3
forget_verdict
cached "cached logon, no network" su
check "no network: nothing is changed" fails repaired_once
sleep 1.1
lab_uncut m1
cached "the network is back" su
check "the network is back: repaired within seconds" lab_wait 5 "a repair" /var/log repaired_once
check "the network is back: SSSD is online" lab_wait 3 "SSSD online" /var/log/sssd online u033
finish
