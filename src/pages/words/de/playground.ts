import type { playground as english } from '../en/playground.ts';
import type { Translated } from '../translated.ts';

/** The playground: where every flow is tried, step by step. */
export const playground: Translated<typeof english> = {
  'playground.title': 'Playground',
  'playground.lead': (p) =>
    `Alle Wege, sich bei ${p.platform} zu authentifizieren, Schritt für Schritt und an den echten Endpunkten.`,
  'playground.tabs': 'Was Sie ausprobieren',
  'playground.tab.oauth': 'OAuth',
  'playground.tab.keys': 'API-Schlüssel',
  'playground.pages': 'Andere Seiten',
  'playground.dashboard': 'Dashboard',
  'playground.docs': 'Dokumentation',
  'playground.no_scripts':
    'Um einen Schritt auszuprobieren, braucht es Skripte, und die sind in diesem Browser abgeschaltet. Die Schritte, die Anfragen und ihr Code lassen sich auch so lesen.',
  'playground.no_scripts_docs':
    'Alles, was sich hier ausprobieren lässt, steht auch in der Dokumentation.',
  'playground.insecure':
    'Diese Seite wurde nicht über https geladen, darum enthält ihr der Browser seine Kryptografie vor. Öffnen Sie sie über https oder auf 127.0.0.1.',

  'playground.flows': 'Wählen Sie einen Ablauf',
  'playground.flow.code': 'Autorisierungscode',
  'playground.flow_about.code': 'Jemand meldet sich an und erlaubt Ihre App. Mit PKCE.',
  'playground.flow.client_credentials': 'Client Credentials',
  'playground.flow_about.client_credentials': 'Ihr Server handelt für sich selbst.',
  'playground.flow.refresh': 'Auffrischen',
  'playground.flow_about.refresh': 'Ein neues Access-Token, ohne noch einmal zu fragen.',
  'playground.flow.user_tokens': 'E-Mail und Passwort',
  'playground.flow_about.user_tokens': 'Der eigene Token-Endpunkt der Plattform.',
  'playground.flow.service_jwt': 'Dienst-JWT',
  'playground.flow_about.service_jwt': 'Ihr Dienst signiert mit einem eigenen Schlüssel.',

  'playground.app': 'Ihre App',
  'playground.app_public':
    'Die Schritte laufen mit dieser App. Sie hat kein Geheimnis und läuft hier, wie sie ist.',
  'playground.app_secret':
    'Die Schritte laufen mit dieser App. Nach ihrem Geheimnis wird gefragt, wo der Code eingetauscht wird; es bleibt auf dieser Seite und geht nur an die Token-Endpunkte.',
  'playground.app_leave': 'Stattdessen die App des Playgrounds verwenden',
  'playground.app_instead': 'Bis dahin wird die App des Playgrounds verwendet.',
  'playground.app_page': 'Zur Seite der App',
  'playground.app_sign_in': 'Anmelden, um eine eigene App zu verwenden',
  'playground.app_problem.unknown': () =>
    'Dieser Link nennt eine App, die es nicht gibt oder die zu keiner Ihrer Organisationen gehört.',
  'playground.app_problem.redirect_uri': (p) =>
    `${p.app} kann noch niemanden hierher zurückschicken. Fügen Sie dies genau so zu ihren Redirect-URIs hinzu und laden Sie diese Seite neu:`,
  'playground.app_problem.disabled': (p) =>
    `${p.app} ist abgeschaltet, niemand kann sich damit anmelden. Schalten Sie sie auf ihrer Seite wieder ein.`,
  'playground.app_problem.no_code': (p) =>
    `${p.app} ist nicht für den Authorization-Code-Flow registriert (Grant-Typ authorization_code).`,
  'playground.app_problem.signs': (p) =>
    `${p.app} weist sich mit einem privaten Schlüssel aus (private_key_jwt), und der gehört nicht in eine Seite.`,
  'playground.app_problem.pushes': (p) =>
    `${p.app} muss ihre Autorisierungsanfragen vorab senden (RFC 9126), was diese Seite nicht tut.`,

  'playground.setup': 'Einrichten',
  'playground.setup.scopes': 'Gewünschte Scopes',
  'playground.setup.route': 'Aufruf der API zum Ausprobieren',
  'playground.setup.way': 'Wo der Schlüssel steht',
  'playground.setup.apply': 'So verwenden',
  'playground.setup.link': 'Diese Einrichtung als Link. Er enthält nichts Geheimes.',
  'playground.copy': 'Kopieren',
  'playground.copied': 'Kopiert',

  'playground.step.prepare': 'PKCE, state und nonce erzeugen',
  'playground.step_about.prepare':
    'Vier Zufallswerte schützen den Hin- und Rückweg. Sie entstehen jetzt in Ihrem Browser und verlassen ihn nie vor ihrer Zeit.',
  'playground.step.authorize': 'Zur Anmeldung und Einwilligung schicken',
  'playground.step_about.authorize':
    'Der Browser geht zum Autorisierungsendpunkt. Dort meldet sich die Person an, sieht, worum die App bittet, und kommt mit einem Code auf diese Seite zurück.',
  'playground.step.redeem': 'Den Code gegen Tokens eintauschen',
  'playground.step_about.redeem':
    'Der Code gilt einmal und eine Minute lang. Wer ihn einlöst, muss den Code-Verifier kennen; ein gestohlener Code ist darum nichts wert.',
  'playground.step.client': 'Als Client um ein Token bitten',
  'playground.step_about.client':
    'Registrieren Sie im Dashboard eine App, die für sich selbst handelt, und geben Sie deren ID und Geheimnis ein. Beides bleibt im Arbeitsspeicher dieser Seite: nicht im Link, nicht im Speicher des Browsers.',
  'playground.step.sign_in': 'E-Mail und Passwort gegen Tokens eintauschen',
  'playground.step_about.sign_in':
    'Für Ihr eigenes Konto und Ihre eigenen Programme. Das Passwort bleibt im Arbeitsspeicher dieser Seite, bis es gesendet wird.',
  'playground.step.key_pair': 'Ein Schlüsselpaar erzeugen und die öffentliche Hälfte registrieren',
  'playground.step_about.key_pair':
    'Die private Hälfte kann diesen Browser nicht verlassen. Registrieren Sie die öffentliche bei einem Dienstkonto, im Dashboard unter „Dienstkonten“.',
  'playground.step.sign': 'Ein JWT signieren',
  'playground.step_about.sign':
    'Die ID des Dienstkontos ist zugleich iss und sub; aud ist dieser Server. Es gilt fünf Minuten, und sein jti sorgt dafür, dass es nur einmal gilt.',
  'playground.step.exchange': 'Oder es gegen ein Access-Token eintauschen',
  'playground.step_about.exchange':
    'Der JWT-Bearer-Grant (RFC 7523) nimmt ein JWT einmal an und gibt ein Access-Token, das sich immer wieder verwenden lässt. Signieren Sie zuerst ein neues.',
  'playground.step.inspect': 'In das Token hineinsehen',
  'playground.step_about.inspect':
    'Ein JWT ist signiert, nicht geheim: Jeder kann es lesen und seine Signatur mit den Schlüsseln prüfen, die der Server veröffentlicht.',
  'playground.step.call': 'Die API durch das Gate aufrufen',
  'playground.step_about.call':
    'Das Gate stellt fünf Fragen in dieser Reihenfolge; das erste Nein ist die Antwort. Nach fünfmal Ja geht der Aufruf weiter zur API: Er findet wirklich statt und zählt auf Ihre Limits.',
  'playground.step.ask': 'Das Gate nach einem Aufruf der API fragen',
  'playground.step_about.ask':
    'Das Gate stellt fünf Fragen in dieser Reihenfolge; das erste Nein ist die Antwort. Hier entscheidet es nur: Der Aufruf selbst findet nicht statt, zählt aber auf Ihre Limits.',
  'playground.step.renew': 'Auffrischen',
  'playground.step_about.renew':
    'Ein Refresh-Token gibt ein neues Access-Token und an seiner Stelle ein neues Refresh-Token. Es kann um weniger bitten, als gewährt wurde, nie um mehr.',
  'playground.step.check': 'Nach der Gültigkeit fragen (Introspection)',
  'playground.step_about.check':
    'Ein Resource-Server fragt, ob ein Token noch gilt. Er muss ein Client mit einem Geheimnis sein (RFC 7662), und von Tokens anderer Clients erfährt er nur, dass sie nicht aktiv sind.',
  'playground.step.revoke': 'Widerrufen',
  'playground.step_about.revoke':
    'Das Token endet innerhalb einer Sekunde, überall. Rufen Sie danach die API noch einmal auf und sehen Sie, wie es abgewiesen wird.',
  'playground.step.key': 'Einen Schlüssel haben',
  'playground.step_about.key':
    'Fügen Sie einen Ihrer Schlüssel ein. Er bleibt im Arbeitsspeicher dieser Seite: nicht im Link, nicht im Speicher des Browsers.',
  'playground.step.call_with_key': 'Die API durch das Gate aufrufen',
  'playground.step_about.call_with_key':
    'Das Gate stellt fünf Fragen in dieser Reihenfolge; das erste Nein ist die Antwort. Nach fünfmal Ja geht der Aufruf weiter zur API: Er findet wirklich statt und zählt auf die Limits des Schlüssels.',
  'playground.step.ask_with_key': 'Das Gate nach einem Aufruf der API fragen',
  'playground.step_about.ask_with_key':
    'Das Gate stellt fünf Fragen in dieser Reihenfolge; das erste Nein ist die Antwort. Hier entscheidet es nur: Der Aufruf selbst findet nicht statt, zählt aber auf die Limits des Schlüssels.',

  'playground.field.client_id': 'Client-ID',
  'playground.field.client_secret': 'Client-Geheimnis',
  'playground.field.app_secret': 'Geheimnis Ihrer App',
  'playground.field.email': 'E-Mail',
  'playground.field.password': 'Passwort',
  'playground.field.account_id': 'ID des Dienstkontos',
  'playground.field.api_key': 'API-Schlüssel',
  'playground.field.organization_id': 'ID der Organisation',

  'playground.value.code_verifier': 'Code-Verifier',
  'playground.value_about.code_verifier':
    '256 zufällige Bits. Er bleibt hier, bis der Code eingetauscht wird.',
  'playground.value.code_challenge': 'Code-Challenge',
  'playground.value_about.code_challenge':
    'SHA-256 des Verifiers. Sie geht voraus und lässt sich nicht zurückrechnen.',
  'playground.value.state': 'state',
  'playground.value_about.state':
    'Kommt unverändert zurück, damit eine Antwort auffällt, nach der niemand gefragt hat.',
  'playground.value.nonce': 'nonce',
  'playground.value_about.nonce': 'Kommt im ID-Token zurück und bindet es an diesen Versuch.',
  'playground.value.request_line': 'Anfrage',
  'playground.value_about.request_line': 'Die Adresse, zu der der Browser geschickt wird.',
  'playground.value.state_sent': 'Gesendeter state',
  'playground.value_about.state_sent': 'Von vor dem Hin- und Rückweg.',
  'playground.value.state_returned': 'Zurückgekommener state',
  'playground.value_about.state_returned': 'Ist es ein anderer, werfen Sie die Antwort weg.',
  'playground.value.issuer_returned': 'Issuer, der geantwortet hat',
  'playground.value_about.issuer_returned':
    'Damit eine App mit mehreren Servern sie nicht verwechselt (RFC 9207).',
  'playground.value.code': 'Code',
  'playground.value_about.code': 'Sofort aus der Adresse genommen.',
  'playground.value.public_jwks': 'Öffentlicher Schlüsselsatz',
  'playground.value_about.public_jwks': 'Registrieren Sie ihn bei dem Dienstkonto.',
  'playground.value.jwt_header': 'Header',
  'playground.value_about.jwt_header': 'Welcher Schlüssel und welcher Algorithmus.',
  'playground.value.jwt_claims': 'Claims',
  'playground.value_about.jwt_claims': 'Wer, für wen und bis wann.',
  'playground.value.service_jwt': 'Signiertes JWT',
  'playground.value_about.service_jwt': 'Header, Claims und Signatur.',

  'playground.run.generate': 'Neue erzeugen',
  'playground.run.authorize': 'Anmelden und einwilligen',
  'playground.run.redeem': 'Code eintauschen',
  'playground.run.client_token': 'Token holen',
  'playground.run.sign_in': 'Tokens holen',
  'playground.run.new_key_pair': 'Schlüsselpaar erzeugen',
  'playground.run.sign': 'Signieren',
  'playground.run.exchange': 'Eintauschen',
  'playground.run.call': 'Aufrufen',
  'playground.run.call_with_key': 'Aufrufen',
  'playground.run.ask': 'Das Gate fragen',
  'playground.run.ask_with_key': 'Das Gate fragen',
  'playground.run.renew': 'Auffrischen',
  'playground.run.introspect': 'Nachfragen',
  'playground.run.revoke': 'Widerrufen',
  'playground.run.get_key': 'Playground-Schlüssel holen',
  'playground.get_key_about': 'Oder nehmen Sie einen zum Ausprobieren: ohne Konto, sofort.',

  'playground.lessons': 'Sehen Sie, wie es abgewiesen wird',
  'playground.lesson_try': 'Ausprobieren',
  'playground.lesson.wrong_verifier': 'Mit einem falschen Verifier',
  'playground.lesson_about.wrong_verifier':
    'Wie jemand, der den Code gestohlen hat. Der Server weist ihn ab, und der Code ist verbraucht: Ein zweites Mal raten gibt es nicht.',
  'playground.lesson.replayed_code': 'Noch einmal mit demselben Code',
  'playground.lesson_about.replayed_code':
    'Ein Code gilt einmal. Wer ihn noch einmal bringt, kann ein Dieb sein; darum enden auch die Tokens, die er vorher gab. Beginnen Sie wieder mit Schritt 1.',
  'playground.lesson.wrong_secret': 'Mit einem falschen Geheimnis',
  'playground.lesson_about.wrong_secret':
    'Die Antwort ist dieselbe für ein falsches Geheimnis und für einen Client, den es nicht gibt.',
  'playground.lesson.unknown_scope': 'Mit einem Scope, den es nicht gibt',
  'playground.lesson_about.unknown_scope':
    'Ein vertippter Scope bekommt eine Antwort; er wird nicht stillschweigend weggelassen.',
  'playground.lesson.wrong_password': 'Mit einem falschen Passwort',
  'playground.lesson_about.wrong_password':
    'Die Antwort ist dieselbe für ein falsches Passwort und für eine Adresse, die niemand hat. Nach zu vielen Versuchen heißt es warten.',
  'playground.lesson.widened_scope': 'Mit einem weiteren Scope',
  'playground.lesson_about.widened_scope':
    'Was die Person nicht erlaubt hat, ist durch Auffrischen nicht zu haben. Bitten Sie neu darum, und sie entscheidet. Dieser Versuch kostet das Refresh-Token nicht.',
  'playground.lesson.replayed_refresh': 'Mit dem Token davor',
  'playground.lesson_about.replayed_refresh':
    'Jedes Refresh-Token gilt einmal. Kommt es innerhalb von Sekunden noch einmal, wird es nur abgewiesen, denn das kann eine Wiederholung sein; später enden alle Tokens der Familie.',
  'playground.lesson.expired_token': 'Mit einem abgelaufenen Token',
  'playground.lesson_about.expired_token':
    'Von diesem Server für diese Lektion signiert und seit einer Stunde vorbei. Die Signatur stimmt, die Zeit nicht: Auffrischen behebt es.',
  'playground.lesson.introspect_public': 'Als Client ohne Geheimnis',
  'playground.lesson_about.introspect_public':
    'Jeder könnte sich dafür ausgeben und herausfinden, welche Tokens gelten.',
  'playground.lesson.expired_jwt': 'Mit einem abgelaufenen JWT',
  'playground.lesson_about.expired_jwt':
    'Mit Ihrem Schlüssel signiert, mit einem exp, das vergangen ist.',
  'playground.lesson.replayed_jwt': 'Noch einmal mit demselben JWT',
  'playground.lesson_about.replayed_jwt':
    'Sein jti wurde schon verwendet. Wer mitgehört hat, kann mit dem Gehörten nichts anfangen.',
  'playground.lesson.mistyped_key': 'Mit einem falschen Zeichen',
  'playground.lesson_about.mistyped_key':
    'Die letzten Zeichen eines Schlüssels sind eine Prüfsumme: Das Gate sieht den Fehler, ohne jemanden zu fragen.',
  'playground.lesson.no_key': 'Ohne Schlüssel',
  'playground.lesson_about.no_key': 'Die Antwort sagt, was fehlt.',
  'playground.lesson.two_keys': 'Mit dem Schlüssel an zwei Stellen',
  'playground.lesson_about.two_keys': 'Welcher von zweien zählt, wäre geraten; darum zählt keiner.',

  'playground.request': 'Anfrage',
  'playground.response': 'Antwort',
  'playground.question': 'Die Frage an das Gate, wie sie gesendet wurde',
  'playground.decision': 'Die Entscheidung des Gates, wie sie zurückkam',
  'playground.form_fields': 'Die Felder des Formulars, decodiert',
  'playground.code': 'Dieser Schritt als Code',
  'playground.language': 'Sprache',
  'snippet.curl': 'cURL',
  'snippet.typescript': 'TypeScript',
  'snippet.python': 'Python',
  'snippet.go': 'Go',
  'snippet.java': 'Java',

  'playground.stages': 'Die fünf Stufen',
  'playground.stage.authenticate': 'Authentifizierung',
  'playground.stage_about.authenticate': 'Wer ruft auf?',
  'playground.stage.organization': 'Organisation',
  'playground.stage_about.organization': 'Für welche Organisation, mit welchem Tarif?',
  'playground.stage.ownership': 'Eigentum',
  'playground.stage_about.ownership': 'Gehört ihr, wonach gefragt wird?',
  'playground.stage.entitlement': 'Berechtigung',
  'playground.stage_about.entitlement': 'Erlauben es Scope und Tarif?',
  'playground.stage.metering': 'Zählung',
  'playground.stage_about.metering': 'Innerhalb welcher Limits?',

  'playground.token_header': 'Header',
  'playground.token_claims': 'Claims',

  'playground.say.passed': 'Bestanden',
  'playground.say.refused': 'Abgewiesen',
  'playground.say.not_asked': 'Nicht gefragt',
  'playground.say.let_through':
    'Das Gate würde diesen Aufruf durchlassen. Er hat nicht stattgefunden.',
  'playground.say.denied': (p) =>
    `Das Gate würde diesen Aufruf abweisen: ${p.status}. Header und Body für den Aufrufer stehen in der Entscheidung.`,
  'playground.say.called': 'Das Gate hat diesen Aufruf durchgelassen; das ist die Antwort.',
  'playground.say.call_refused': (p) => `Das Gate hat diesen Aufruf abgewiesen: ${p.status}.`,
  'playground.say.no_verdicts':
    'Diese Antwort kam ohne die Urteile der fünf Stufen: Geantwortet hat etwas anderes als das Gate.',
  'playground.say.verdicts_above': '(siehe die fünf Stufen oben)',
  'playground.say.redirect':
    'Die Antwort ist eine Weiterleitung, und die zeigen Browser keinem Skript. Versuchen Sie diesen Aufruf mit dem Code darunter.',
  'playground.say.not_ascii': (p) =>
    `${p.names}: Darin ist ein Zeichen, das in keinem Schlüssel, keiner ID und keinem Geheimnis vorkommt. Sie bestehen aus ASCII-Buchstaben, Ziffern und Zeichen; kopieren Sie es noch einmal. Es wurde nichts gesendet.`,
  'playground.say.needs': (p) => `Braucht zuerst ${p.names}.`,
  'playground.say.working': 'Wird gefragt …',
  'playground.say.failed':
    'Der Server war nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
  'playground.say.access_token': 'Access-Token',
  'playground.say.id_token': 'ID-Token',
  'playground.say.signature_good': 'Die Signatur stimmt.',
  'playground.say.signature_bad': 'Die Signatur stimmt nicht: Dieses Token wurde verändert.',
  'playground.say.key_unknown':
    'Mit einem Schlüssel signiert, den der Server nicht veröffentlicht.',
  'playground.say.nonce_good': 'Die nonce ist die gesendete.',
  'playground.say.nonce_bad':
    'Die nonce ist nicht die gesendete: Verwenden Sie dieses Token nicht.',
  'playground.say.expires_in': (p) => `Läuft ab in ${p.time}`,
  'playground.say.expired': 'Abgelaufen',
  'playground.say.state_good': 'state und Issuer sind die erwarteten.',
  'playground.say.state_bad':
    'state oder Issuer ist nicht wie erwartet. Die Antwort wurde weggeworfen: Beginnen Sie wieder mit Schritt 1.',
  'playground.say.no_trip':
    'Es kam eine Antwort zurück, nach der diese Seite nicht gefragt hat. Sie wurde weggeworfen.',
  'playground.say.refused_back': (p) => `Es kam kein Code zurück: ${p.error}`,
  'playground.say.key_ready': (p) => `Ihr Schlüssel ist bereit. Er hat ${p.limits}.`,
  'playground.say.unlimited': 'keine eigenen Limits',
  'playground.say.left': (p) => `noch ${p.remaining} von ${p.limit} (${p.title})`,
  'playground.name.code': 'einen Code (anmelden und einwilligen)',
  'playground.name.code_verifier': 'einen Code-Verifier',
  'playground.name.code_challenge': 'eine Code-Challenge',
  'playground.name.state': 'einen state',
  'playground.name.nonce': 'eine nonce',
  'playground.name.used_code': 'einen eingetauschten Code',
  'playground.name.access_token': 'ein Access-Token',
  'playground.name.refresh_token': 'ein Refresh-Token',
  'playground.name.used_refresh_token': 'ein Auffrischen',
  'playground.name.app_secret': 'das Geheimnis Ihrer App',
  'playground.name.client_id': 'die Client-ID',
  'playground.name.client_secret': 'das Client-Geheimnis',
  'playground.name.email': 'die E-Mail-Adresse',
  'playground.name.password': 'das Passwort',
  'playground.name.account_id': 'die ID des Dienstkontos',
  'playground.name.private_key': 'ein Schlüsselpaar',
  'playground.name.service_jwt': 'ein signiertes JWT',
  'playground.name.used_jwt': 'ein verwendetes JWT',
  'playground.name.api_key': 'einen Schlüssel',
  'playground.name.organization_id': 'die ID der Organisation',

  'playground.callback.title': 'Zurück zum Playground',
  'playground.callback.text':
    'Die Antwort wird zu der Seite gebracht, die nach ihr gefragt hat. Geschieht nichts, sind Skripte abgeschaltet: Der Playground braucht sie hier.',
  'playground.callback.back': 'Playground öffnen',
};
