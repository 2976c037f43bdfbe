#!/usr/bin/env bash
# Stops the SLURM that up.sh started, and only that: jobs, daemons (by their pid files), then its
# configuration and state. The Debian packages stay installed. A second call does nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ -d "$state_dir" ] || {
  echo "SLURM is not up"
  exit 0
}

if is_running munged && is_running slurmctld; then
  # Only this cluster's jobs can be meant: slurm.conf is our own while the daemon runs.
  timeout 10 squeue --noheader --format %A | xargs --no-run-if-empty timeout 10 scancel || true
  no_jobs_left() { [ -z "$(squeue --noheader --states RUNNING,COMPLETING)" ]; }
  wait_until no_jobs_left || echo "some jobs did not end within 30 s" >&2
fi
is_stopped() { ! is_running "$1"; }
for daemon in slurmd slurmctld munged; do
  is_running "$daemon" || continue
  kill "$(cat "$(pid_file "$daemon")")"
  wait_until is_stopped "$daemon" || echo "$daemon did not stop within 30 s" >&2
done
for file in slurm.conf gres.conf; do
  if grep -qxF "$marker" "$slurm_etc/$file" 2>/dev/null; then rm -f "$slurm_etc/$file"; fi
done
rm -rf "$state_dir"
echo "SLURM is down"
