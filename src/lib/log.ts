import type { BaseLogger } from 'pino';

/** Structured logging, as pino and Fastify have it. */
export type Log = Pick<BaseLogger, 'info' | 'warn' | 'error' | 'debug'>;
