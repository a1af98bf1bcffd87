/** The management API's reference; what it says of each operation comes from the API itself. */
export const reference = {
  'reference.description': (p: { platform: string }) =>
    `Every operation of the ${p.platform} management API, with its parameters, answers and problems.`,
  'reference.access.anyone': 'Anyone may call this.',
  'reference.access.operator': 'For the operator alone: ADMIN_KEY.',
  'reference.access.tenant':
    'For the operator, and for credentials whose scopes manage this, within their own organization.',
  'reference.examples_about':
    'The examples take their credential from the environment: `ADMIN_KEY`, or one of your own organization in its place.',
  'reference.request': 'Example request',
  'reference.parameters': 'Parameters',
  'reference.body': 'Request body',
  'reference.answers': 'Answers',
  'reference.required': 'required',
  'reference.problems': 'Problems',
  'reference.problems_about':
    'Every error is a problem document (RFC 9457). Its type is the address of one of these.',
  'reference.schemas': 'Schemas',
  'reference.other': 'Other',
  'reference.any': 'anything',
  'reference.or': 'or',
  'reference.list_of': (p: { type: string }) => `list of ${p.type}`,
  'reference.one_of': (p: { values: readonly string[] }) => `one of ${p.values.join(', ')}`,
  'reference.between': (p: { least: number; most: number }) => `${p.least} to ${p.most}`,
  'reference.at_least': (p: { least: number }) => `at least ${p.least}`,
  'reference.at_most': (p: { most: number }) => `at most ${p.most}`,
  'reference.characters': (p: { range: string }) => `${p.range} characters`,
  'reference.items': (p: { most: number }) => `at most ${p.most} items`,
  'reference.default': (p: { value: string }) => `default ${p.value}`,

  'reference.problem.malformed_request':
    'Send JSON that parses, one credential in one header, and an address that can be read.',
  'reference.problem.validation_failed':
    'Read errors: each names a field, what was expected of it and what was found.',
  'reference.problem.unauthenticated':
    'Send the header Authorization: Bearer with ADMIN_KEY or a credential that is good today.',
  'reference.problem.forbidden':
    'Use a credential whose scopes manage this resource, or ask the operator.',
  'reference.problem.not_found':
    'Check the id. What belongs to another organization answers like this, too.',
  'reference.problem.method_not_allowed': 'The Allow header lists the methods of the path.',
  'reference.problem.email_taken': 'Find the user by that address instead of making another one.',
  'reference.problem.already_member': 'Change the role of the membership there is.',
  'reference.problem.already_invited':
    'Wait until it is accepted, or revoke it and invite again: that makes another link.',
  'reference.problem.last_owner': 'Make somebody else an owner first.',
  'reference.problem.user_disabled': 'Enable the user first.',
  'reference.problem.next_key_too_young':
    'Wait for the seconds in Retry-After, until every cache has seen the next key.',
  'reference.problem.webhook_inactive':
    'Resume the webhook with POST /manage/v1/webhooks/{id}/resume, and try again.',
  'reference.problem.too_many_webhooks': 'Delete a webhook that is no longer used, and try again.',
  'reference.problem.too_many_invitations': 'Revoke some that nobody will accept.',
  'reference.problem.idempotency_key_reused':
    'Send the same type and data with it as the first time, or take a new key for a new event.',
  'reference.problem.client_has_no_secret':
    'The client proves itself with a key of its own, or is public: there is no secret to rotate.',
  'reference.problem.payload_too_large': 'Send less at once.',
  'reference.problem.unsupported_media_type': 'Send Content-Type: application/json.',
  'reference.problem.throttled': 'Wait for the seconds in Retry-After and try again.',
  'reference.problem.internal_error':
    'Try again; if it keeps happening, give the operator the request_id.',
  'reference.problem.unavailable': 'Wait for the seconds in Retry-After and try again.',
};
