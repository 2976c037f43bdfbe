# Shared by up.sh and down.sh: where the test's SLURM lives and which processes are its own.
# SLURM itself is installed by Debian's packages and reads /etc/slurm; everything else is in one directory.

slurm_etc=/etc/slurm
state_dir=/var/lib/slurm-test-machine
munge_socket=$state_dir/munge/socket
marker="# written by polyheads tests/slurm/up.sh; tests/slurm/down.sh removes it"

skip() {
  echo "SLURM can't be started on this machine: $1" >&2
  exit 77
}

fail() {
  echo "SLURM could not be started: $1" >&2
  exit 1
}

pid_file() {
  case $1 in
    munged) echo "$state_dir/munge/munged.pid" ;;
    *) echo "$state_dir/$1.pid" ;;
  esac
}

# is_running NAME: true while the daemon that up.sh started runs. A pid may have been given to
# another process since, so the name has to agree, too; one that has ended and was not collected by
# its parent (a container's first process may not do that) does not run.
is_running() {
  local pid
  pid=$(cat "$(pid_file "$1")" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] &&
    ! grep -q '^State:.Z' "/proc/$pid/status"
}

# wait_until COMMAND...: true as soon as the command is, false after 30 seconds.
wait_until() {
  local tries
  for tries in $(seq 150); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.2
  done
  return 1
}

node_summary() { sinfo --noheader --format "partition %P, node %N (%T), %c processors, %m MB, %G"; }
