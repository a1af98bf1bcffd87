import autocannon from 'autocannon';
import { withPeakMemory } from './memory.ts';

/** One request of a load; paths are relative to the subject's URL. */
export interface LoadRequest {
  method?: string;
  /** Default: that of the subject's URL. */
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

interface Common {
  name: string;
  /** Length of one round; default 5. */
  seconds?: number;
  /**
   * How long it is called before its first round; default 1. More where calls are few a second: V8 compiles
   * by how often code has run, so that the first thousand of them tell of its lower tiers.
   */
  warmUpSeconds?: number;
  /** Requests under way at the same time; default 16. */
  connections?: number;
  /** The process whose memory is watched meanwhile. */
  pid?: number;
}

/** A server under load. Run it in a process of its own (server-process.ts), or it shares a core with the load. */
export interface HttpSubject extends Common {
  url: string;
  /** The same request again and again, or one made for each turn, e.g. with a fresh code. */
  request: LoadRequest | (() => LoadRequest);
}

/** A function, called over and over by so many callers. */
export interface CallSubject extends Common {
  call(): Promise<unknown>;
}

export type Subject = HttpSubject | CallSubject;

export interface Measurement {
  readonly name: string;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly total: number;
  /** The most that the watched process had resident. */
  readonly peakMiB?: number;
}

const DEFAULT_SECONDS = 5;
const DEFAULT_CONNECTIONS = 16;

/**
 * Puts a load on the subject for one round.
 *
 * @throws Error when any answer was not 2xx: the speed of a refusal is not what was asked
 */
export async function measure(subject: Subject): Promise<Measurement> {
  const work = () => ('url' in subject ? measureHttp(subject) : measureCalls(subject));
  if (subject.pid === undefined) return work();
  const { result, peakMiB } = await withPeakMemory(subject.pid, work);
  return peakMiB === undefined ? result : { ...result, peakMiB };
}

async function measureHttp(subject: HttpSubject): Promise<Measurement> {
  const { name, url, request } = subject;
  const result = await autocannon({
    url,
    connections: subject.connections ?? DEFAULT_CONNECTIONS,
    duration: subject.seconds ?? DEFAULT_SECONDS,
    requests: [
      typeof request === 'function'
        ? { setupRequest: (template) => ({ ...template, ...request() }) }
        : request,
    ],
  });
  const { errors, timeouts, non2xx } = result;
  if (errors + timeouts + non2xx > 0 || result.requests.total === 0) {
    const statuses = Object.entries(result.statusCodeStats).map(
      ([code, { count }]) => `${code}×${count}`,
    );
    throw new Error(
      `${name}: ${errors} errors, ${timeouts} timeouts; answers: ${statuses.join(' ') || 'none'}`,
    );
  }
  return {
    name,
    perSecond: result.requests.total / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    total: result.requests.total,
  };
}

async function measureCalls(subject: CallSubject): Promise<Measurement> {
  const { name, call } = subject;
  const latencies: number[] = [];
  const begin = performance.now();
  const end = begin + (subject.seconds ?? DEFAULT_SECONDS) * 1000;
  const caller = async () => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      await call();
      latencies.push(performance.now() - start);
    }
  };
  const callers = subject.connections ?? DEFAULT_CONNECTIONS;
  await Promise.all(Array.from({ length: callers }, caller));
  const elapsedSeconds = (performance.now() - begin) / 1000;
  latencies.sort((one, other) => one - other);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  const total = latencies.length;
  return { name, perSecond: total / elapsedSeconds, p50: at(0.5), p99: at(0.99), total };
}
