import type { members as english } from '../en/members.ts';
import type { Translated } from '../translated.ts';
import { day, inMinutes } from './formats.ts';

/** Members of an organization, and invitations into it. */
export const members: Translated<typeof english> = {
  'notice.member_changed': 'Die Rolle ist geändert.',
  'notice.member_removed': 'Diese Person ist kein Mitglied mehr.',
  'notice.invitation_revoked': 'Die Einladung ist widerrufen. Ihr Link funktioniert nicht mehr.',
  'notice.invitation_sent_before':
    'Dieses Formular wurde schon gesendet. Der Link stand einmal in der Antwort; für einen neuen erneuern Sie die Einladung.',
  'notice.organization_joined': 'Willkommen. Sie sind jetzt Mitglied.',
  'notice.organization_left': 'Sie haben die Organisation verlassen.',

  'members.title': 'Mitglieder',
  'members.lead': (p) => `Wer zu ${p.organization} gehört und was alle dürfen.`,
  'members.invite': 'Jemanden einladen',
  'members.name': 'Name',
  'members.email': 'E-Mail',
  'members.role': 'Rolle',
  'members.since': 'Seit',
  'members.you': 'Sie',
  'members.day': (p) => day.format(p.date),
  'members.pages': 'Seiten',
  'members.first': 'Erste Mitglieder',
  'members.next': 'Weitere Mitglieder',
  'role_about.owner': 'Alles, auch wem die Organisation gehört',
  'role_about.admin': 'Mitglieder, Schlüssel, Apps und Einstellungen, Inhaber ausgenommen',
  'role_about.member': 'Eigene Schlüssel; sieht alles Übrige',

  'invitations.title': 'Offene Einladungen',
  'invitations.lead':
    'Jeder Link ist für eine Adresse und gilt einmal. Niemand sonst kann ihn verwenden, und er wird nur angezeigt, wenn er entsteht.',
  'invitations.empty': 'Im Moment ist niemand eingeladen.',
  'invitations.inviter': 'Eingeladen von',
  'invitations.expires': 'Bis',
  'invitations.actions': 'Aktionen',
  'invitations.somebody': 'Jemand, der nicht mehr dabei ist',
  'invitations.status.open': 'Offen',
  'invitations.status.expired': 'Abgelaufen',
  'invitations.status.void': 'Ausgesetzt',
  'invitations.void_about':
    'Wer eingeladen hat, darf diese Rolle nicht mehr vergeben. Erneuern Sie die Einladung.',
  'invitations.renew': 'Neuer Link',
  'invitations.revoke': 'Widerrufen',
  'invitations.for': (p) => `für ${p.email}`,
  'invitations.busy': 'Einen Moment…',
  'invitations.next': 'Ältere Einladungen',
  'invitations.error.role_out_of_reach':
    'So weit reicht Ihre Rolle nicht: Das kann ein Inhaber tun.',
  'invitations.error.gone': 'Diese Einladung wurde inzwischen angenommen oder widerrufen.',
  'invitations.error.throttled': (p) =>
    `Ihre Organisation hat in kurzer Zeit viele Einladungen verschickt. Bitte machen Sie ${inMinutes(p)} weiter.`,

  'member.back': 'Alle Mitglieder',
  'member.role': 'Rolle',
  'member.change': 'Rolle ändern',
  'member.busy': 'Wird geändert…',
  'member.change_about':
    'Eine Rolle mit weniger Rechten beendet sofort, was Apps und Tokens im Namen dieser Person dürfen.',
  'member.remove': 'Aus der Organisation entfernen',
  'member.remove_about':
    'Diese Person verliert den Zugriff, und Apps und Tokens in ihrem Namen enden sofort.',
  'member.leave': 'Organisation verlassen',
  'member.leave_about':
    'Sie verlieren den Zugriff, und Apps und Tokens in Ihrem Namen enden sofort.',
  'member.error.last_owner':
    'Eine Organisation braucht einen Inhaber. Machen Sie zuerst jemand anderen dazu.',
  'member.error.role_out_of_reach': 'So weit reicht Ihre Rolle nicht: Das kann ein Inhaber tun.',
  'member.error.role': 'Wählen Sie eine der Rollen.',

  'member_remove.remove': (p) => `${p.name} entfernen?`,
  'member_remove.remove_about': (p) =>
    `${p.name} verliert den Zugriff auf ${p.organization}. Apps und Tokens im Namen dieser Person enden sofort; von ihr angelegte API-Schlüssel gelten weiter, denn sie gehören der Organisation.`,
  'member_remove.remove_submit': 'Entfernen',
  'member_remove.leave': (p) => `${p.organization} verlassen?`,
  'member_remove.leave_about': (p) =>
    `Sie verlieren den Zugriff auf ${p.organization}. Apps und Tokens in Ihrem Namen enden sofort; von Ihnen angelegte API-Schlüssel gelten weiter, denn sie gehören der Organisation.`,
  'member_remove.leave_submit': 'Verlassen',
  'member_remove.busy': 'Einen Moment…',
  'member_remove.cancel': 'Abbrechen',

  'invite.title': 'Jemanden einladen',
  'invite.lead': (p) =>
    `Sie erhalten einen Link zu ${p.organization} und geben ihn selbst weiter, per E-Mail oder Chat.`,
  'invite.errors': 'Bitte prüfen Sie diese Angaben, bevor es weitergeht',
  'invite.email': 'E-Mail-Adresse der Person',
  'invite.email_hint': 'Annehmen kann nur, wer mit dieser Adresse angemeldet ist.',
  'invite.role': 'Was diese Person darf',
  'invite.submit': 'Link erzeugen',
  'invite.busy': 'Wird erzeugt…',
  'invite.cancel': 'Abbrechen',
  'invite.error.email.required': 'Geben Sie eine E-Mail-Adresse ein',
  'invite.error.email.invalid':
    'Geben Sie eine vollständige E-Mail-Adresse ein, etwa ada@example.com',
  'invite.error.email.already_member': 'Wer diese Adresse hat, ist schon Mitglied',
  'invite.error.email.already_invited':
    'Diese Adresse ist schon eingeladen. Erzeugen Sie in der Liste der offenen Einladungen einen neuen Link',
  'invite.error.role.out_of_reach': 'Wählen Sie eine Rolle, die nicht über Ihrer eigenen steht',
  'invite.error.form.too_many': (p) =>
    `Es gibt ${p.most} offene Einladungen, und mehr haben keinen Platz. Widerrufen Sie die, auf die niemand wartet.`,
  'invite.error.form.throttled': (p) =>
    `Ihre Organisation hat in kurzer Zeit viele Einladungen verschickt. Bitte machen Sie ${inMinutes(p)} weiter.`,

  'invite_link.title.invited': 'Ihre Einladung ist bereit',
  'invite_link.title.renewed': 'Hier ist der neue Link',
  'invite_link.lead': (p) => `Geben Sie diesen Link an ${p.email} weiter.`,
  'invite_link.once':
    'Sie sehen ihn nur dieses eine Mal. Er gilt einmal und nur für diese Adresse.',
  'invite_link.before': 'Der bisherige Link funktioniert nicht mehr.',
  'invite_link.label': 'Link',
  'invite_link.copy': 'Kopieren',
  'invite_link.copied': 'Kopiert',
  'invite_link.role': 'Rolle',
  'invite_link.expires': 'Gilt bis',
  'invite_link.go_on': 'Fertig',

  'invitation.title': (p) => `${p.organization} beitreten`,
  'invitation.by': (p) => `${p.inviter} lädt Sie zu ${p.organization} ein.`,
  'invitation.by_nobody': (p) => `Sie sind zu ${p.organization} eingeladen.`,
  'invitation.role': 'Ihre Rolle',
  'invitation.for': 'Für',
  'invitation.expires': 'Bis',
  'invitation.stranger': (p) =>
    `Melden Sie sich mit dem Konto an, das die Adresse ${p.email} hat, oder legen Sie es an. Danach kommen Sie hierher zurück.`,
  'invitation.stranger_sign_in': (p) =>
    `Melden Sie sich mit dem Konto an, das die Adresse ${p.email} hat. Danach kommen Sie hierher zurück.`,
  'invitation.sign_in': 'Anmelden',
  'invitation.sign_up': 'Konto anlegen',
  'invitation.accept': 'Beitreten',
  'invitation.busy': 'Sie treten bei…',
  'invitation.later': 'Jetzt nicht',
  'invitation.other': (p) =>
    `Diese Einladung ist für ein anderes Konto: das mit der Adresse ${p.email}. Niemand sonst kann sie verwenden.`,
  'invitation.signed_in_as': 'Sie sind angemeldet als',
  'invitation.switch': 'Anderes Konto verwenden',
  'invitation.switch_busy': 'Einen Moment…',
  'invitation_gone.title': 'Diese Einladung gilt nicht mehr',
  'invitation_gone.explanation':
    'Eine Einladung gilt einmal, sieben Tage lang, solange ihr Absender die Rolle vergeben darf. Sie kann widerrufen oder durch eine neuere ersetzt werden.',
  'invitation_gone.advice': 'Bitten Sie um einen neuen Link, wo Sie diesen herhaben.',
  'invitation_gone.home': 'Zur Startseite',
};
