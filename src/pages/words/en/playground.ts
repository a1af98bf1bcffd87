/** The playground: where every flow is tried, step by step. */
export const playground = {
  'playground.title': 'Playground',
  'playground.lead': (p: { platform: string }) =>
    `Every way to authenticate with ${p.platform}, step by step, against the real endpoints.`,
  'playground.tabs': 'What to try',
  'playground.tab.oauth': 'OAuth',
  'playground.tab.keys': 'API key',
  'playground.pages': 'Other pages',
  'playground.dashboard': 'Dashboard',
  'playground.docs': 'Documentation',
  'playground.no_scripts':
    'Trying a step needs scripts, and they are switched off in this browser. The steps, the requests and their code can be read without.',
  'playground.no_scripts_docs': 'All that can be tried here is in the documentation, too.',
  'playground.insecure':
    'This page was not loaded over https, so the browser keeps its cryptography from it. Open it over https, or on 127.0.0.1.',

  'playground.flows': 'Choose a flow',
  'playground.flow.code': 'Authorization code',
  'playground.flow_about.code': 'A person signs in and allows your app. With PKCE.',
  'playground.flow.client_credentials': 'Client credentials',
  'playground.flow_about.client_credentials': 'Your server acts for itself.',
  'playground.flow.refresh': 'Refresh',
  'playground.flow_about.refresh': 'A new access token without asking again.',
  'playground.flow.user_tokens': 'Email and password',
  'playground.flow_about.user_tokens': 'The platform’s own token endpoint.',
  'playground.flow.service_jwt': 'Service JWT',
  'playground.flow_about.service_jwt': 'Your service signs, with a key of its own.',

  'playground.app': 'Your app',
  'playground.app_public':
    'The steps run with this app. It keeps no secret, so it runs here as it is.',
  'playground.app_secret':
    'The steps run with this app. Its secret is asked for where the code is exchanged; it stays in this page, and is sent to the token endpoints alone.',
  'playground.app_leave': 'Use the playground’s own app instead',
  'playground.app_instead': 'Until then, the playground’s own app is used.',
  'playground.app_page': 'To the app’s page',
  'playground.app_sign_in': 'Sign in to use an app of yours',
  'playground.app_problem.unknown': () =>
    'This link names an app that does not exist, or that belongs to none of your organizations.',
  'playground.app_problem.redirect_uri': (p: { app: string }) =>
    `${p.app} can’t send people back here yet. Add this to its redirect URIs, exactly as it stands, and load this page again:`,
  'playground.app_problem.disabled': (p: { app: string }) =>
    `${p.app} is disabled, so nobody can sign in to it. Enable it on its page.`,
  'playground.app_problem.no_code': (p: { app: string }) =>
    `${p.app} is not registered for the authorization code flow (grant type authorization_code).`,
  'playground.app_problem.signs': (p: { app: string }) =>
    `${p.app} proves who it is with a private key (private_key_jwt), and that does not belong into a page.`,
  'playground.app_problem.pushes': (p: { app: string }) =>
    `${p.app} must push its authorization requests (RFC 9126), which this page does not do.`,

  'playground.setup': 'Set up',
  'playground.setup.scopes': 'Scopes to ask for',
  'playground.setup.route': 'API call to try',
  'playground.setup.way': 'Where the key goes',
  'playground.setup.apply': 'Use this setup',
  'playground.setup.link': 'This setup as a link. It holds no secret.',
  'playground.copy': 'Copy',
  'playground.copied': 'Copied',

  'playground.step.prepare': 'Make PKCE, state and nonce',
  'playground.step_about.prepare':
    'Four random values protect the round trip. They are made in your browser, now, and never leave it before their time.',
  'playground.step.authorize': 'Send the person to sign in and consent',
  'playground.step_about.authorize':
    'The browser goes to the authorization endpoint. The person signs in there, sees what the app asks for, and comes back to this page with a code.',
  'playground.step.redeem': 'Exchange the code for tokens',
  'playground.step_about.redeem':
    'The code is good once, and for a minute. Whoever redeems it must know the code verifier, so that a stolen code is worth nothing.',
  'playground.step.client': 'Ask for a token as a client',
  'playground.step_about.client':
    'Register an app that acts for itself in the dashboard, and enter its id and secret. They stay in the memory of this page: not in the link, not in the browser’s storage.',
  'playground.step.sign_in': 'Trade email and password for tokens',
  'playground.step_about.sign_in':
    'For your own account and your own programs. The password stays in the memory of this page until it is sent.',
  'playground.step.key_pair': 'Make a key pair and register its public half',
  'playground.step_about.key_pair':
    'The private half cannot leave this browser. Register the public half with a service account, in the dashboard under Service accounts.',
  'playground.step.sign': 'Sign a JWT',
  'playground.step_about.sign':
    'The service account’s id is both iss and sub; aud is this server. It is good for five minutes, and its jti makes it good once.',
  'playground.step.exchange': 'Or exchange it for an access token',
  'playground.step_about.exchange':
    'The JWT bearer grant (RFC 7523) takes a JWT once and gives an access token, which can be used again and again. Sign a new one first.',
  'playground.step.inspect': 'Look into the token',
  'playground.step_about.inspect':
    'A JWT is signed, not secret: everybody can read it, and check its signature against the keys that the server publishes.',
  'playground.step.call': 'Call the API through the gate',
  'playground.step_about.call':
    'The gate asks five questions in this order; the first no is the answer. After five times yes the call goes on to the API: it is really made, and counts on your limits.',
  'playground.step.ask': 'Ask the gate about a call to the API',
  'playground.step_about.ask':
    'The gate asks five questions in this order; the first no is the answer. Here it only decides: the call itself is not made, but it counts on your limits.',
  'playground.step.renew': 'Refresh',
  'playground.step_about.renew':
    'A refresh token gives a new access token, and a new refresh token in its own place. It can ask for less than was granted, never for more.',
  'playground.step.check': 'Introspect',
  'playground.step_about.check':
    'A resource server asks whether a token is still good. It must be a client with a secret (RFC 7662), and of other clients’ tokens it hears only that they are not active.',
  'playground.step.revoke': 'Revoke',
  'playground.step_about.revoke':
    'The token ends within a second, everywhere. Call the API again afterwards and see it refused.',
  'playground.step.key': 'Have a key',
  'playground.step_about.key':
    'Paste a key of yours. It stays in the memory of this page: not in the link, not in the browser’s storage.',
  'playground.step.call_with_key': 'Call the API through the gate',
  'playground.step_about.call_with_key':
    'The gate asks five questions in this order; the first no is the answer. After five times yes the call goes on to the API: it is really made, and counts on the key’s limits.',
  'playground.step.ask_with_key': 'Ask the gate about a call to the API',
  'playground.step_about.ask_with_key':
    'The gate asks five questions in this order; the first no is the answer. Here it only decides: the call itself is not made, but it counts on the key’s limits.',

  'playground.field.client_id': 'Client ID',
  'playground.field.client_secret': 'Client secret',
  'playground.field.app_secret': 'Secret of your app',
  'playground.field.email': 'Email',
  'playground.field.password': 'Password',
  'playground.field.account_id': 'Service account ID',
  'playground.field.api_key': 'API key',
  'playground.field.organization_id': 'Organization ID',

  'playground.value.code_verifier': 'Code verifier',
  'playground.value_about.code_verifier':
    '256 random bits. It stays here until the code is exchanged.',
  'playground.value.code_challenge': 'Code challenge',
  'playground.value_about.code_challenge':
    'SHA-256 of the verifier. It goes ahead, and cannot be turned back.',
  'playground.value.state': 'State',
  'playground.value_about.state':
    'Comes back unchanged, so that an answer nobody asked for is recognised.',
  'playground.value.nonce': 'Nonce',
  'playground.value_about.nonce': 'Comes back inside the ID token, and ties it to this attempt.',
  'playground.value.request_line': 'Request',
  'playground.value_about.request_line': 'The address that the browser is sent to.',
  'playground.value.state_sent': 'State that was sent',
  'playground.value_about.state_sent': 'From before the round trip.',
  'playground.value.state_returned': 'State that came back',
  'playground.value_about.state_returned': 'Another one means: throw the answer away.',
  'playground.value.issuer_returned': 'Issuer that answered',
  'playground.value_about.issuer_returned':
    'Keeps an app with several servers from mixing them up (RFC 9207).',
  'playground.value.code': 'Code',
  'playground.value_about.code': 'Taken out of the address at once.',
  'playground.value.public_jwks': 'Public key set',
  'playground.value_about.public_jwks': 'Register this with the service account.',
  'playground.value.jwt_header': 'Header',
  'playground.value_about.jwt_header': 'Which key, and which algorithm.',
  'playground.value.jwt_claims': 'Claims',
  'playground.value_about.jwt_claims': 'Who, for whom, and until when.',
  'playground.value.service_jwt': 'Signed JWT',
  'playground.value_about.service_jwt': 'Header, claims and signature.',

  'playground.run.generate': 'Make new ones',
  'playground.run.authorize': 'Sign in and consent',
  'playground.run.redeem': 'Exchange the code',
  'playground.run.client_token': 'Get a token',
  'playground.run.sign_in': 'Get tokens',
  'playground.run.new_key_pair': 'Make a key pair',
  'playground.run.sign': 'Sign',
  'playground.run.exchange': 'Exchange',
  'playground.run.call': 'Call',
  'playground.run.call_with_key': 'Call',
  'playground.run.ask': 'Ask the gate',
  'playground.run.ask_with_key': 'Ask the gate',
  'playground.run.renew': 'Refresh',
  'playground.run.introspect': 'Introspect',
  'playground.run.revoke': 'Revoke',
  'playground.run.get_key': 'Get a playground key',
  'playground.get_key_about': 'Or take one for trying: no account, at once.',

  'playground.lessons': 'See it refused',
  'playground.lesson_try': 'Try it',
  'playground.lesson.wrong_verifier': 'With a wrong verifier',
  'playground.lesson_about.wrong_verifier':
    'As somebody would who has stolen the code. The server refuses, and the code is spent: there is no second guess.',
  'playground.lesson.replayed_code': 'With the same code again',
  'playground.lesson_about.replayed_code':
    'A code is good once. Who brings it again may be a thief, so the tokens that it gave before end, too. Begin again with step 1.',
  'playground.lesson.wrong_secret': 'With a wrong secret',
  'playground.lesson_about.wrong_secret':
    'The answer is the same for a wrong secret and for a client that does not exist.',
  'playground.lesson.unknown_scope': 'With a scope that does not exist',
  'playground.lesson_about.unknown_scope':
    'A mistyped scope gets an answer; it is not left out in silence.',
  'playground.lesson.wrong_password': 'With a wrong password',
  'playground.lesson_about.wrong_password':
    'The answer is the same for a wrong password and for an address that nobody has. Too many attempts have to wait.',
  'playground.lesson.widened_scope': 'With a wider scope',
  'playground.lesson_about.widened_scope':
    'What the person did not allow cannot be had by refreshing. Ask for it anew, and they decide. This attempt does not cost the refresh token.',
  'playground.lesson.replayed_refresh': 'With the token before',
  'playground.lesson_about.replayed_refresh':
    'Each refresh token is good once. Used again within seconds it is only refused, as a retry may happen; later, all tokens of the family end.',
  'playground.lesson.expired_token': 'With an expired token',
  'playground.lesson_about.expired_token':
    'Signed by this server for this lesson, and over for an hour. The signature is good, the time is not: refreshing mends it.',
  'playground.lesson.introspect_public': 'As a client without a secret',
  'playground.lesson_about.introspect_public':
    'Anybody could say to be it, and find out which tokens are good.',
  'playground.lesson.expired_jwt': 'With an expired JWT',
  'playground.lesson_about.expired_jwt': 'Signed with your key, with an exp that has passed.',
  'playground.lesson.replayed_jwt': 'With the same JWT again',
  'playground.lesson_about.replayed_jwt':
    'Its jti was used before. Somebody who listened cannot use what they heard.',
  'playground.lesson.mistyped_key': 'With one wrong character',
  'playground.lesson_about.mistyped_key':
    'The last characters of a key are a checksum: the gate sees the mistake without asking anybody.',
  'playground.lesson.no_key': 'Without a key',
  'playground.lesson_about.no_key': 'The answer says what is missing.',
  'playground.lesson.two_keys': 'With the key in two places',
  'playground.lesson_about.two_keys':
    'Which of two credentials counts would be a guess, so neither does.',

  'playground.request': 'Request',
  'playground.response': 'Response',
  'playground.question': 'The question to the gate, as it was sent',
  'playground.decision': 'The gate’s decision, as it came back',
  'playground.form_fields': 'The fields of the form, decoded',
  'playground.code': 'This step as code',
  'playground.language': 'Language',
  'snippet.curl': 'cURL',
  'snippet.typescript': 'TypeScript',
  'snippet.python': 'Python',
  'snippet.go': 'Go',
  'snippet.java': 'Java',

  'playground.stages': 'The five stages',
  'playground.stage.authenticate': 'Authenticate',
  'playground.stage_about.authenticate': 'Who is calling?',
  'playground.stage.organization': 'Organization',
  'playground.stage_about.organization': 'For which organization, on which plan?',
  'playground.stage.ownership': 'Ownership',
  'playground.stage_about.ownership': 'Is what they ask for theirs?',
  'playground.stage.entitlement': 'Entitlement',
  'playground.stage_about.entitlement': 'Do scope and plan allow it?',
  'playground.stage.metering': 'Metering',
  'playground.stage_about.metering': 'Within which limits?',

  'playground.token_header': 'Header',
  'playground.token_claims': 'Claims',

  'playground.say.passed': 'Passed',
  'playground.say.refused': 'Refused',
  'playground.say.not_asked': 'Not asked',
  'playground.say.let_through': 'The gate would let this call through. It was not made.',
  'playground.say.denied': (p: { status: string }) =>
    `The gate would refuse this call: ${p.status}. Headers and body for the caller are in its decision.`,
  'playground.say.called': 'The gate let this call through, and this is the answer.',
  'playground.say.call_refused': (p: { status: string }) =>
    `The gate refused this call: ${p.status}.`,
  'playground.say.no_verdicts':
    'This answer came without the verdicts of the five stages: something else answered than the gate.',
  'playground.say.verdicts_above': '(see the five stages above)',
  'playground.say.redirect':
    'The answer is a redirect, and browsers show those to no script. Try this call with the code below.',
  'playground.say.not_ascii': (p: { names: string }) =>
    `${p.names}: there is a character in it that no key, ID or secret has. They are made of ASCII letters, digits and signs; copy it again. Nothing was sent.`,
  'playground.say.needs': (p: { names: string }) => `Needs ${p.names} first.`,
  'playground.say.working': 'Asking …',
  'playground.say.failed': 'The server could not be reached. Check the connection and try again.',
  'playground.say.access_token': 'Access token',
  'playground.say.id_token': 'ID token',
  'playground.say.signature_good': 'The signature is good.',
  'playground.say.signature_bad': 'The signature is wrong: this token was changed.',
  'playground.say.key_unknown': 'Signed by a key that the server does not publish.',
  'playground.say.nonce_good': 'The nonce is the one that was sent.',
  'playground.say.nonce_bad': 'The nonce is not the one that was sent: do not use this token.',
  'playground.say.expires_in': (p: { time: string }) => `Expires in ${p.time}`,
  'playground.say.expired': 'Expired',
  'playground.say.state_good': 'State and issuer are the ones that were expected.',
  'playground.say.state_bad':
    'State or issuer is not the one that was expected. The answer was thrown away: begin again with step 1.',
  'playground.say.no_trip':
    'An answer came back that this page did not ask for. It was thrown away.',
  'playground.say.refused_back': (p: { error: string }) => `No code came back: ${p.error}`,
  'playground.say.key_ready': (p: { limits: string }) => `Your key is ready. It has ${p.limits}.`,
  'playground.say.unlimited': 'no limits of its own',
  'playground.say.left': (p: { remaining: string; limit: string; title: string }) =>
    `${p.remaining} of ${p.limit} left (${p.title})`,
  'playground.name.code': 'a code (sign in and consent)',
  'playground.name.code_verifier': 'a code verifier',
  'playground.name.code_challenge': 'a code challenge',
  'playground.name.state': 'a state',
  'playground.name.nonce': 'a nonce',
  'playground.name.used_code': 'a code that was exchanged',
  'playground.name.access_token': 'an access token',
  'playground.name.refresh_token': 'a refresh token',
  'playground.name.used_refresh_token': 'a refresh',
  'playground.name.app_secret': 'your app’s secret',
  'playground.name.client_id': 'the client ID',
  'playground.name.client_secret': 'the client secret',
  'playground.name.email': 'the email address',
  'playground.name.password': 'the password',
  'playground.name.account_id': 'the service account ID',
  'playground.name.private_key': 'a key pair',
  'playground.name.service_jwt': 'a signed JWT',
  'playground.name.used_jwt': 'a JWT that was used',
  'playground.name.api_key': 'a key',
  'playground.name.organization_id': 'the organization ID',

  'playground.callback.title': 'Back to the playground',
  'playground.callback.text':
    'The answer is being taken to the page that asked for it. If nothing happens, scripts are switched off: the playground needs them here.',
  'playground.callback.back': 'Open the playground',
};
