import { readFile } from 'node:fs/promises';

const SAMPLE_MS = 100;

/** Resident memory of a process in MiB; undefined where there is no /proc. */
export async function residentMiB(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
}

/** The most that a process has resident while something runs, sampled ten times a second. */
export async function withPeakMemory<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; peakMiB: number | undefined }> {
  let peakMiB: number | undefined;
  const sample = async () => {
    const now = await residentMiB(pid);
    if (now !== undefined) peakMiB = Math.max(peakMiB ?? 0, now);
  };
  const timer = setInterval(() => void sample(), SAMPLE_MS);
  const result = await work().finally(() => clearInterval(timer));
  await sample();
  return { result, peakMiB };
}
