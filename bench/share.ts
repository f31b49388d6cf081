import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A group of processes that the kernel holds to a share of one core (cgroups, version 1 or 2). */
export interface Share {
  add(pid: number): void;
  /** As much of a core as a Lambda of that size gets; all of it where none is given. */
  hold(sizeMB?: number): void;
  /** Once its processes have ended. */
  remove(): void;
}

/** A Lambda has one core at 1,769 MB: docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const wholeCoreMB = 1769;

/** In microseconds. */
const period = 20_000;

/** A new group; nothing where this machine lets no one make one (it takes root, and Linux). */
export function share(): Share | undefined {
  const second = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const folder = join(second ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu', `bench-${process.pid}`);
  const set = (file: string, value: string | number) =>
    writeFileSync(join(folder, file), String(value));
  const limit = (quota: number | undefined) => {
    if (second) set('cpu.max', `${quota ?? 'max'} ${period}`);
    else {
      set('cpu.cfs_period_us', period);
      set('cpu.cfs_quota_us', quota ?? -1);
    }
  };
  try {
    mkdirSync(folder, { recursive: true });
    limit(undefined);
  } catch {
    return undefined;
  }
  return {
    add: (pid) => set('cgroup.procs', pid),
    hold: (sizeMB) => limit(sizeMB && Math.round((period * sizeMB) / wholeCoreMB)),
    remove: () => rmdirSync(folder),
  };
}
