import { readFile, writeFile } from 'node:fs/promises';

/** Resident memory of a process in MiB; undefined where there is no /proc. */
export const residentMiB = (pid: number): Promise<number | undefined> => fromStatus(pid, 'VmRSS');

/**
 * The most that a process has resident while something runs; undefined where there is no /proc. The kernel keeps it:
 * whoever sampled it would take time of what is measured.
 */
export async function withPeakMemory<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; peakMiB: number | undefined }> {
  // proc(5): forgets the peak so far. Where that is not allowed, it is that of the process's life.
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
  const result = await work();
  return { result, peakMiB: await fromStatus(pid, 'VmHWM') };
}

async function fromStatus(pid: number, name: 'VmRSS' | 'VmHWM'): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}
