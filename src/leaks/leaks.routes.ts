import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { isDatabaseUnavailable } from '../database/database.ts';
import type { LeakedToken, LeakReports } from './leaks.service.ts';

const PATH = '/leaks/report';
const BODY_LIMIT_BYTES = 256 * 1024;
const MOST_TOKENS = 500;

/**
 * `POST /leaks/report`: keys of ours that were found in public, reported in the shape of GitHub's
 * secret-scanning partner programme. Open to anybody; what counts is the reporter's signature over the bytes
 * of the body.
 *
 * @see https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program
 */
export async function leakRoutes(
  app: FastifyInstance,
  {
    leaks,
  }: { /** Undefined: the operator has named no reporter. */ leaks: LeakReports | undefined },
): Promise<void> {
  if (!leaks) return;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? (isDatabaseUnavailable(error) ? 503 : 500);
    if (status < 500) return refuse(reply, status, 'Send a JSON array of at most 256 KiB.');
    request.log.warn({ err: error }, 'a leak report could not be handled');
    reply.header('retry-after', '60');
    return refuse(reply, 503, 'The report could not be handled now. Send it again.');
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const wait = await leaks.throttled(request.ip);
    if (wait === undefined) return;
    return refuse(reply.header('retry-after', String(wait)), 429, 'Too many reports.');
  });

  app.post(PATH, async (request, reply) => {
    const { body, headers } = request;
    const identifier = headers['github-public-key-identifier'];
    const signature = headers['github-public-key-signature'];
    if (
      !(body instanceof Buffer) ||
      typeof identifier !== 'string' ||
      typeof signature !== 'string'
    ) {
      return refuse(reply, 401, `A signed body is needed: ${HEADERS}.`);
    }
    if (!(await leaks.isSigned(body, identifier, signature))) {
      return refuse(reply, 401, 'The signature is not one of the reporter’s over this body.');
    }
    const tokens = readReport(body);
    if (!tokens) {
      return refuse(reply, 400, `Send an array of at most ${MOST_TOKENS} {token, type, url}.`);
    }
    const audit = {
      actor: { kind: 'system' },
      address: request.ip,
      requestId: request.id,
    } as const;
    const verdicts = await leaks.handle(tokens, audit);
    return verdicts.map(({ token, type, label }) => ({
      token_raw: token,
      token_type: type,
      label,
    }));
  });
}

const HEADERS = 'Github-Public-Key-Identifier and Github-Public-Key-Signature';

const refuse = (reply: FastifyReply, status: number, message: string) =>
  reply.code(status).send({ error: message });

/** Undefined: it is not a report. */
function readReport(body: Buffer): LeakedToken[] | undefined {
  const report = parse(body);
  if (!Array.isArray(report) || report.length > MOST_TOKENS) return undefined;
  const tokens = (report as unknown[]).map((each) => {
    const { token, type, url, source } = (each ?? {}) as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value : '');
    return typeof token === 'string'
      ? { token, type: text(type), url: text(url), source: text(source) }
      : undefined;
  });
  return tokens.every((each) => each !== undefined) ? tokens : undefined;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
