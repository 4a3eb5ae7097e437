/**
 * The catalogue of refusals. Two texts each: `peer` goes to the other side and is generic; `operator` says
 * precisely what happened, for the log and the trace. Permanence and blame are fields, never guessed from a
 * text. `docs/errors.md` lists the same codes; a test compares.
 */

export interface Failure {
  /** Whether trying again can help, and when. */
  readonly retry: 'never' | 'later' | 'now';
  /** Who has to change something: the other side, or we. */
  readonly side: 'theirs' | 'ours';
  /** SMTP answer, where the failure is said in an SMTP session (RFC 5321, RFC 3463). */
  readonly smtp?: { readonly code: number; readonly enhanced: string };
  /** Generic text for the peer, English, one line. */
  readonly peer: string;
  /** French sentence for the phone, where the failure can reach it. */
  readonly person?: string;
  /** Precise text for the operator. */
  readonly operator: string;
}

export const FAILURES = {
  'tls-required': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 530, enhanced: '5.7.0' },
    peer: 'Must issue a STARTTLS command first',
    operator: 'MAIL before STARTTLS in a trust space that requires TLS.',
  },
  'mailbox-unknown': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.1.1' },
    peer: 'No such mailbox here',
    operator: 'RCPT TO an address that is not a mailbox of this gateway.',
  },
  'sender-address-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 553, enhanced: '5.1.7' },
    peer: 'Sender address not acceptable',
    operator: 'MAIL FROM with an address that is malformed or too long.',
  },
  'recipients-too-many': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 452, enhanced: '4.5.3' },
    peer: 'Too many recipients, send the rest in another transaction',
    operator: 'More RCPT than recipientsMax in one transaction.',
  },
  'letter-too-large': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 552, enhanced: '5.3.4' },
    peer: 'Message exceeds the size announced',
    operator: 'Declared or actual size above letterMaxBytes.',
  },
  'line-ending-bare': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.6.0' },
    peer: 'Bare CR, bare LF or NUL in the message',
    operator: 'DATA contained a bare CR, a bare LF or a NUL octet (SMTP smuggling).',
  },
  'store-unavailable': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 451, enhanced: '4.3.0' },
    peer: 'Local store unavailable, try again later',
    operator: 'The spool could not be written durably; nothing was kept.',
  },
  'backlog-full': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 451, enhanced: '4.3.1' },
    peer: 'Busy, try again later',
    operator: 'Letters accepted and not yet delivered reached backlogMaxLetters.',
  },
  'gateway-closing': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 421, enhanced: '4.3.2' },
    peer: 'Closing, try again later',
    operator: 'The gateway is stopping.',
  },
  'command-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 502, enhanced: '5.5.1' },
    peer: 'Command not available here',
    operator: 'A command that this listener does not offer (AUTH, VRFY).',
  },
  'client-certificate-missing': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 554, enhanced: '5.7.1' },
    peer: 'Client certificate required',
    operator: 'MAIL without a TLS client certificate at a door that asks for one.',
  },
  'client-certificate-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 554, enhanced: '5.7.1' },
    peer: 'Client certificate not acceptable',
    operator:
      'The client certificate does not chain to the authorities of this door, is malformed, or is not made for TLS clients.',
  },
  'client-certificate-expired': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 554, enhanced: '5.7.1' },
    peer: 'Client certificate not acceptable',
    operator: 'The client certificate, or one above it, is outside its validity.',
  },
  'client-certificate-revoked': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 554, enhanced: '5.7.1' },
    peer: 'Client certificate not acceptable',
    operator: 'The client certificate, or one above it, is revoked.',
  },
  'client-status-unknown': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 454, enhanced: '4.7.0' },
    peer: 'Client certificate cannot be checked now, try again later',
    operator: 'No usable, fresh revocation list or answer for the client certificate.',
  },
  'trust-list-unavailable': {
    retry: 'later',
    side: 'ours',
    smtp: { code: 454, enhanced: '4.7.0' },
    peer: 'Sender cannot be checked now, try again later',
    operator: 'There is no trust list, or it is older than allowed.',
  },
  'sender-domain-not-listed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'Sender domain not admitted here',
    operator:
      'The MAIL FROM domain is not in the trust list; or the sender is null and the list has no domain for this client.',
  },
  'sender-name-not-listed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'Sender domain not admitted from this client',
    operator: 'The trust list gives the MAIL FROM domain to other names than that of the client certificate.',
  },
  'from-unreadable': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'Exactly one plain From address required',
    operator: 'The header has no From that can be read for certain: none, several, a group, or a malformed header.',
  },
  'from-not-listed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'From domain not admitted from this client',
    operator: 'The trust list does not give the domain of the header From to the name of the client certificate.',
  },
  'login-required': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 530, enhanced: '5.7.0' },
    peer: 'Authentication required',
    operator: 'MAIL without an account at a door for accounts.',
  },
  'login-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 535, enhanced: '5.7.8' },
    peer: 'Authentication credentials invalid',
    operator: 'AUTH with a name or password that is not right.',
  },
  'logins-too-many': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.7.0' },
    peer: 'Too many failed logins, try again later',
    operator: 'failedLoginsPerSessionMax or failedLoginsPerAddressMax reached.',
  },
  'sender-not-allowed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'Sender address not allowed for this account',
    operator: 'MAIL FROM is not among the addresses of the account.',
  },
  'from-not-allowed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'From address not allowed for this account',
    operator: 'The header From is not among the addresses of the account.',
  },
  'recipient-not-allowed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.7.1' },
    peer: 'Recipient not allowed for this account',
    operator: 'RCPT TO a mailbox that the account may not write to.',
  },
  'mailbox-closed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.2.1' },
    peer: 'Mailbox closed',
    operator: 'RCPT TO a mailbox that the operator closed.',
  },
  'recipient-address-refused': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 553, enhanced: '5.1.3' },
    peer: 'Recipient address not acceptable',
    operator: 'RCPT TO with an address that is malformed or too long.',
  },
  'address-needs-smtputf8': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 553, enhanced: '5.6.7' },
    peer: 'Address needs SMTPUTF8',
    operator: 'An address beyond ASCII in a transaction that was not opened with SMTPUTF8.',
  },
  'line-too-long': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 550, enhanced: '5.6.0' },
    peer: 'Line too long in the message',
    operator: 'DATA contained a line longer than textLineMaxBytes.',
  },
  'letters-too-fast': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 451, enhanced: '4.7.1' },
    peer: 'Too many messages in a short time, try again later',
    operator: 'lettersPerMinutePerAddressMax or lettersPerMinutePerOperatorMax reached.',
  },
  'session-over': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.7.0' },
    peer: 'Session too long, connect again',
    operator:
      'commandsPerSessionMax, lettersPerSessionMax, sessionMaxMs or, for a stranger, strangerSessionMaxMs reached.',
  },
  'errors-too-many': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.7.0' },
    peer: 'Too many errors',
    operator: 'errorsPerSessionMax reached.',
  },
  'connections-too-many': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.7.0' },
    peer: 'Too many connections, try again later',
    operator:
      'connectionsMax or connectionsPerAddressMax reached; or the lower numbers of addresses no letter was accepted from.',
  },
  'idle-too-long': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.4.2' },
    peer: 'Idle too long',
    operator: 'Nothing came for idleTimeoutMs.',
  },
  'data-too-slow': {
    retry: 'later',
    side: 'theirs',
    smtp: { code: 421, enhanced: '4.4.2' },
    peer: 'Message comes too slowly',
    operator: 'DATA took longer than dataMaxMs, or came slower than dataMinBytesPerSecond; nothing was kept.',
  },
  'command-unknown': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 500, enhanced: '5.5.2' },
    peer: 'Command unknown',
    operator: 'A line that is no command.',
  },
  'command-malformed': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 501, enhanced: '5.5.4' },
    peer: 'Syntax error in the parameters',
    operator: 'A command with missing, repeated or malformed parameters (RFC 5321, RFC 1870, RFC 3461, RFC 4954).',
  },
  'command-line-bare': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 500, enhanced: '5.5.2' },
    peer: 'Bare CR, bare LF or NUL in a command',
    operator: 'A command line that does not end in CRLF, or holds a NUL; the connection is ended.',
  },
  'command-line-too-long': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 500, enhanced: '5.5.2' },
    peer: 'Command line too long',
    operator:
      'A command line longer than commandLineMaxBytes, or authLineMaxBytes during AUTH; the connection is ended.',
  },
  'command-out-of-order': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 503, enhanced: '5.5.1' },
    peer: 'Bad sequence of commands',
    operator: 'A command before the one it needs, or a second time.',
  },
  'mechanism-unknown': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 504, enhanced: '5.5.4' },
    peer: 'Authentication mechanism not available',
    operator: 'AUTH with another mechanism than PLAIN or LOGIN.',
  },
  'parameter-unknown': {
    retry: 'never',
    side: 'theirs',
    smtp: { code: 555, enhanced: '5.5.4' },
    peer: 'Parameter not recognised',
    operator: 'MAIL or RCPT with a parameter that EHLO did not offer.',
  },
  'reply-malformed': {
    retry: 'never',
    side: 'theirs',
    peer: 'reply-malformed',
    person: "La réponse n'a pas pu être lue par la passerelle.",
    operator:
      'A reply frame whose sealed content does not open, does not fit its schema, or bears the id of another reply.',
  },
  'reply-author-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'reply-author-unknown',
    person: "Cet appareil n'est plus autorisé.",
    operator: 'A reply from a device that is unknown, revoked or of another mailbox, or whose signature is wrong.',
  },
  'conversation-expired': {
    retry: 'never',
    side: 'theirs',
    peer: 'conversation-expired',
    person: 'La conversation est échue : la réponse ne peut plus partir.',
    operator: 'A reply to a conversation whose key was destroyed.',
  },
  'conversation-unanswerable': {
    retry: 'never',
    side: 'theirs',
    peer: 'conversation-unanswerable',
    person: "Ce courrier n'appelle pas de réponse : expéditeur inconnu ou mis en quarantaine.",
    operator: 'The conversation holds no letter that can be answered.',
  },
  'certificate-missing': {
    retry: 'never',
    side: 'theirs',
    peer: 'certificate-missing',
    person:
      "Le certificat du correspondant n'est pas connu : la réponse n'est pas partie, rien n'a été envoyé en clair.",
    operator: 'No certificate learnt from a verified letter of this correspondent; sealing never falls back.',
  },
  'certificate-unusable': {
    retry: 'never',
    side: 'theirs',
    peer: 'certificate-unusable',
    person: "Le certificat du correspondant n'est plus valable : la réponse n'est pas partie.",
    operator: 'The correspondent certificate is expired, revoked or not made for encryption.',
  },
  'own-certificate-unusable': {
    retry: 'later',
    side: 'ours',
    peer: 'own-certificate-unusable',
    person: "Le certificat de votre structure n'est plus valable : la réponse partira dès qu'il y en aura un.",
    operator: 'The mailbox has no key and certificate good for signing now; its replies wait for one.',
  },
  'next-hop-unreachable': {
    retry: 'later',
    side: 'theirs',
    peer: 'next-hop-unreachable',
    person: 'Le serveur du correspondant ne répond pas : nouvel essai automatique.',
    operator: 'Connection, TLS or protocol trouble before a final answer of the next hop.',
  },
  'next-hop-deferred': {
    retry: 'later',
    side: 'theirs',
    peer: 'next-hop-deferred',
    person: 'Le serveur du correspondant demande de patienter : nouvel essai automatique.',
    operator: 'The next hop answered 4xx (or 503).',
  },
  'next-hop-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'next-hop-refused',
    person: 'Le serveur du correspondant a refusé la réponse.',
    operator: 'The next hop answered 5xx other than 503.',
  },
  'next-hop-gave-up': {
    retry: 'never',
    side: 'theirs',
    peer: 'next-hop-gave-up',
    person: "La réponse n'a pas pu être remise après plusieurs essais.",
    operator: 'It could not leave within giveUpAfterHours of its trust space.',
  },
  'outcome-unknown': {
    retry: 'later',
    side: 'theirs',
    peer: 'outcome-unknown',
    person: "Le serveur du correspondant n'a pas confirmé la réception : le même courrier est présenté de nouveau.",
    operator: 'The connection ended after the mail was sent whole and before it was answered; the same bytes go again.',
  },
  'next-hop-without-tls': {
    retry: 'later',
    side: 'theirs',
    peer: 'next-hop-without-tls',
    person: "Le serveur du correspondant n'offre pas de liaison chiffrée : rien n'est parti, nouvel essai automatique.",
    operator:
      'The next hop does not offer STARTTLS, refuses it, or the TLS handshake fails; nothing was sent in clear.',
  },
  'peer-untrusted': {
    retry: 'later',
    side: 'theirs',
    peer: 'peer-untrusted',
    person: "Le serveur du correspondant n'a pas pu être authentifié : rien n'est parti, nouvel essai automatique.",
    operator:
      'The TLS certificate of the next hop is not to be trusted: other authorities, other name, expired, revoked, or its status unknown.',
  },
  'peer-not-listed': {
    retry: 'later',
    side: 'theirs',
    peer: 'peer-not-listed',
    person:
      "Le serveur n'est pas celui que la liste de confiance nomme pour ce domaine : rien n'est parti, nouvel essai automatique.",
    operator:
      'The trust list gives the domain of the recipient to other names than that of the certificate of the next hop.',
  },
  'peer-list-unavailable': {
    retry: 'later',
    side: 'ours',
    peer: 'peer-list-unavailable',
    person: "La liste de l'espace de confiance est indisponible ou trop ancienne : la réponse attend.",
    operator: 'There is no trust list, or it is older than allowed: nobody can be checked, nothing leaves.',
  },
  'domain-outside-space': {
    retry: 'never',
    side: 'theirs',
    peer: 'domain-outside-space',
    person: "Le domaine du destinataire est hors de l'espace de confiance : la réponse n'est pas partie.",
    operator: 'The policy of the trust space does not let mail go to the domain of the recipient.',
  },
  'domain-takes-no-mail': {
    retry: 'never',
    side: 'theirs',
    peer: 'domain-takes-no-mail',
    person: "Le domaine du destinataire n'accepte aucun courrier.",
    operator: 'The domain of the recipient publishes a null MX (RFC 7505).',
  },
  'domain-not-found': {
    retry: 'later',
    side: 'theirs',
    peer: 'domain-not-found',
    person: "Le serveur du domaine du destinataire n'est pas trouvé : nouvel essai automatique.",
    operator:
      'No usable address of a mail exchanger: no record, no answer of the name servers, or addresses not allowed.',
  },
  'way-out-missing': {
    retry: 'later',
    side: 'ours',
    peer: 'way-out-missing',
    person: "La passerelle n'a pas de voie d'envoi configurée pour cet espace : la réponse attend.",
    operator: 'The trust space of the mail is not configured any more, or has no way out.',
  },
  'held-by-operator': {
    retry: 'later',
    side: 'ours',
    peer: 'held-by-operator',
    person: "L'exploitant de la passerelle a mis l'envoi en attente.",
    operator: 'Held with "estafette queue hold"; "estafette queue release" lets it go.',
  },
  'dropped-by-operator': {
    retry: 'never',
    side: 'ours',
    peer: 'dropped-by-operator',
    person: "L'exploitant de la passerelle a annulé l'envoi : la réponse n'est pas partie.",
    operator: 'Dropped with "estafette queue drop"; its bytes are deleted.',
  },
  'report-undelivered': {
    retry: 'never',
    side: 'theirs',
    peer: 'report-undelivered',
    person: "Le courrier n'a pas pu être remis au correspondant.",
    operator: 'A delivery report (RFC 3464) or a bounce says that the mail failed.',
  },
  'report-mailbox-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'report-mailbox-unknown',
    person: "L'adresse du correspondant n'existe pas ou n'existe plus.",
    operator: 'A delivery report says that the mailbox is unknown, has moved or is closed (5.1.x, 5.2.1).',
  },
  'report-mailbox-full': {
    retry: 'later',
    side: 'theirs',
    peer: 'report-mailbox-full',
    person: 'La boîte du correspondant est pleine.',
    operator: 'A delivery report says that the mailbox is full (x.2.2).',
  },
  'report-too-large': {
    retry: 'never',
    side: 'theirs',
    peer: 'report-too-large',
    person: 'Le courrier est trop volumineux pour le correspondant.',
    operator: 'A delivery report says that the mail is too large (x.2.3, x.3.4).',
  },
  'report-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'report-refused',
    person: "L'opérateur du correspondant a refusé le courrier.",
    operator: 'A delivery report says that policy or security refused the mail (x.7.x).',
  },
  'report-delayed': {
    retry: 'later',
    side: 'theirs',
    peer: 'report-delayed',
    person: "Le courrier est parti, mais l'opérateur du correspondant ne l'a pas encore remis.",
    operator: 'A delivery report says that the mail is delayed further on.',
  },
  'integration-version-wrong': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-version-wrong',
    person: "Le logiciel du correspondant n'a pas pu intégrer le document : ce n'est pas sa dernière version.",
    operator: 'MSSanté 900: wrong version of a document to be replaced or deleted.',
  },
  'integration-author-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-author-refused',
    person:
      "Le logiciel du correspondant n'a pas pu intégrer le document : son auteur n'a pas le droit de le remplacer ou de le supprimer.",
    operator: 'MSSanté 901: the author may not replace or delete the document.',
  },
  'integration-patient-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-patient-unknown',
    person: "Le logiciel du correspondant n'a pas pu intégrer le document : il ne connaît pas ce patient.",
    operator: 'MSSanté 902: patient identifier unknown.',
  },
  'integration-ins-missing': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-ins-missing',
    person: "Le logiciel du correspondant n'a pas pu intégrer le document : l'INS du patient n'y est pas.",
    operator: 'MSSanté 903: no INS in the document.',
  },
  'integration-ins-mismatch': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-ins-mismatch',
    person:
      "Le logiciel du correspondant n'a pas pu intégrer le document : l'INS ou les traits du patient ne correspondent pas aux siens.",
    operator: 'MSSanté 904: the INS or the traits differ from those of the consumer.',
  },
  'integration-ins-incomplete': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-ins-incomplete',
    person: "Le logiciel du correspondant n'a pas pu intégrer le document : les traits de l'INS n'y sont pas tous.",
    operator: 'MSSanté 905: the INS is there, its traits are not all.',
  },
  'integration-failed': {
    retry: 'never',
    side: 'theirs',
    peer: 'integration-failed',
    person: "Le logiciel du correspondant n'a pas pu intégrer le courrier.",
    operator: 'MSSanté 906, a technical code of HL7, or an error without a code, in a disposition report.',
  },
  'sealed-mail-missing': {
    retry: 'never',
    side: 'ours',
    peer: 'sealed-mail-missing',
    person: "La réponse scellée n'a pas été retrouvée : écrivez-la de nouveau.",
    operator: 'The sealed bytes of a reply that waited to be sent are gone from the safe.',
  },
  'sealed-mail-unreadable': {
    retry: 'later',
    side: 'ours',
    peer: 'sealed-mail-unreadable',
    person: "La réponse scellée ne peut pas être relue par la passerelle. Si l'envoi échoue, écrivez-la de nouveau.",
    operator: 'The sealed bytes of a mail lie in the safe and cannot be read, or do not open under the vault key.',
  },
  'attachment-missing': {
    retry: 'never',
    side: 'theirs',
    peer: 'attachment-missing',
    person: "La photo ou le fichier joint n'est pas arrivé entier à la passerelle : joignez-le de nouveau.",
    operator: 'A reply names an upload that is not there, or that does not open under the key of its conversation.',
  },
  'attachment-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'attachment-refused',
    person: "Un programme ne peut pas partir en pièce jointe : la réponse n'est pas partie.",
    operator: 'An attachment of a reply is a program, by its first bytes or by its name.',
  },
  'attachment-infected': {
    retry: 'never',
    side: 'theirs',
    peer: 'attachment-infected',
    person: "L'antivirus a trouvé un fichier dangereux dans une pièce jointe : la réponse n'est pas partie.",
    operator: 'The antivirus found something in an attachment of a reply; the log names it.',
  },
  'antivirus-unavailable': {
    retry: 'later',
    side: 'ours',
    peer: 'antivirus-unavailable',
    person: "L'antivirus ne répond pas : la réponse attend.",
    operator: 'The antivirus does not answer, or not with a verdict. Letters and replies with attachments wait.',
  },
  'antivirus-too-large': {
    retry: 'later',
    side: 'ours',
    peer: 'antivirus-too-large',
    person: "La pièce jointe est trop grande pour l'antivirus : la réponse attend.",
    operator: 'A letter or attachment is larger than the StreamMaxLength of clamd. It waits until that is raised.',
  },
  'reply-too-large': {
    retry: 'never',
    side: 'theirs',
    peer: 'reply-too-large',
    person:
      "Les pièces jointes dépassent ensemble 12 Mo : la réponse n'est pas partie. Envoyez-les en plusieurs messages.",
    operator: 'Attachments of one reply above attachmentsTotalMaxBytes, or a finished mail above mailMaxBytes.',
  },
  'address-not-ascii': {
    retry: 'never',
    side: 'theirs',
    peer: 'address-not-ascii',
    person: "L'adresse de ce correspondant porte des lettres accentuées : la réponse ne peut pas lui être envoyée.",
    operator:
      'A recipient whose address has letters beyond ASCII before the @; mail leaves without SMTPUTF8 (RFC 6531).',
  },
  'closing-refused': {
    retry: 'never',
    side: 'theirs',
    peer: 'closing-refused',
    person: "Seul un échange avec un patient peut être clos : la réponse n'est pas partie.",
    operator: 'A reply that closes the exchange (X-MSS-MES: FIN) and goes to somebody who is not a patient.',
  },
  'filing-not-set': {
    retry: 'never',
    side: 'ours',
    peer: 'filing-not-set',
    person: "Aucune adresse de versement n'est réglée pour cette boîte : rien n'a été versé au dossier.",
    operator: 'A filing was asked of a mailbox without a destination; see "estafette mailbox filing".',
  },
  'filing-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'filing-unknown',
    person: "Ce courrier ou ce document n'est pas, ou plus, dans la conversation : rien n'a été versé au dossier.",
    operator: 'A filing names a letter that is not of its conversation or not shown, or a document the letter has not.',
  },
  'filing-patient-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'filing-patient-unknown',
    person:
      "Le compte rendu ne nomme pas un patient unique avec nom, prénom et date de naissance : rien n'a été versé. Saisissez le patient.",
    operator: 'The report a filing names has no patient, several, or one without name, first name or date of birth.',
  },
  'filing-patient-other': {
    retry: 'never',
    side: 'theirs',
    peer: 'filing-patient-other',
    person:
      "Ce qui serait versé nomme un autre patient que celui du dossier : rien n'a été versé. Versez les documents un par un.",
    operator: 'What a filing would carry names a patient who is not the one whose record it goes to.',
  },
  'filing-opposed': {
    retry: 'never',
    side: 'theirs',
    peer: 'filing-opposed',
    person: "Un patient dont il s'agit s'oppose à cet échange : rien n'a été versé au dossier.",
    operator:
      'A patient named by what would be filed, or the one it would be filed under, opposes; see "estafette opposition list".',
  },
  'filing-too-large': {
    retry: 'never',
    side: 'theirs',
    peer: 'filing-too-large',
    person: "Ce qui est à verser est trop volumineux pour un courrier : rien n'a été versé au dossier.",
    operator: 'What a filing carries is above attachmentsTotalMaxBytes, or the finished mail above mailMaxBytes.',
  },
  'enrolment-unknown': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-unknown',
    person: "Ce lien d'enrôlement est inconnu.",
    operator: 'An enrolment request whose id is unknown or whose proof is wrong.',
  },
  'enrolment-used': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-used',
    person: "Ce lien d'enrôlement a déjà servi.",
    operator: 'A second enrolment request on a one-time link.',
  },
  'enrolment-expired': {
    retry: 'never',
    side: 'theirs',
    peer: 'enrolment-expired',
    person: "Ce lien d'enrôlement est périmé.",
    operator: 'An enrolment request after the expiry of its link.',
  },
  'devices-too-many': {
    retry: 'never',
    side: 'theirs',
    peer: 'devices-too-many',
    person: "Trop d'appareils sont déjà enrôlés pour cette boîte.",
    operator: 'devicesPerMailboxMax reached.',
  },
} as const satisfies Record<string, Failure>;

export type FailureCode = keyof typeof FAILURES;

/** The catalogue entry of a code. */
export function failureOf(code: FailureCode): Failure {
  return FAILURES[code];
}

/** A refusal on its way to whoever must hear it: a code of the catalogue, and facts for the log (no content). */
export class Refusal extends Error {
  readonly code: FailureCode;
  readonly certain: boolean;
  constructor(code: FailureCode, detail?: string, options: { certain?: boolean; cause?: unknown } = {}) {
    super(detail === undefined ? code : `${code}: ${detail}`, { cause: options.cause });
    this.name = 'Refusal';
    this.code = code;
    this.certain = options.certain ?? true;
  }
}
