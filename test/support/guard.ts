import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Kills a child when this process ends, however it ends: a run of the tests that is killed can't do it
 * itself. A shell waits for the end of a pipe that only this process holds.
 * @param child the child, in a process group of its own where it is `detached`
 */
export function guard(child: ChildProcess, { detached = false } = {}): void {
  const target = detached ? `-${child.pid}` : String(child.pid);
  const watcher = spawn('sh', ['-c', 'cat > /dev/null; kill -s KILL -- "$0"', target], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Not in the terminal's group: Ctrl-C must not end it first.
    detached: true,
  });
  watcher.unref();
  // Its id may then belong to another process.
  child.once('exit', () => watcher.kill('SIGKILL'));
}
