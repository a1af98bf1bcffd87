import { errors } from 'oidc-provider';

/**
 * 503 temporarily_unavailable: the database cannot be reached. Never sent by a redirect: the client's
 * redirect URI could not be checked.
 */
export function serviceUnavailable(cause: unknown): Error {
  const error = new errors.TemporarilyUnavailable(
    'the service is temporarily unavailable, try again',
    {
      cause,
    } as never,
  );
  return Object.assign(error, {
    status: 503,
    statusCode: 503,
    expose: true,
    allow_redirect: false,
    error_detail: undefined,
  });
}
