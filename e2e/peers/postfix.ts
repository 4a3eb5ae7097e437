/**
 * A foreign operator: a Postfix on free ports of the loopback. It demands a client
 * certificate from whoever brings mail, asks a policy service whether the name in it may speak for the sender's domain,
 * shows its own certificate when it delivers, and checks the name of the server it delivers to. Mail for its own
 * domain goes to Dovecot by LMTP.
 */
import { createServer, type Server } from 'node:net';
import { type PostfixInstance, startPostfixInstance } from './postfix-instance.ts';

/** What the operator is, and whom it knows. */
export interface PostfixSettings {
  /** Folder that others may enter; everything of this Postfix lies below it. */
  readonly folder: string;
  /** Where it listens for other operators. */
  readonly port: number;
  readonly hostName: string;
  /** Domain whose mailboxes are here. */
  readonly domain: string;
  /** PEM files: own certificate chain and key, authorities of the trust space. */
  readonly certificate: string;
  readonly key: string;
  readonly authorities: string;
  /** Where mail for other domains goes: host:port, and the name the certificate there must carry. */
  readonly routes: Readonly<Record<string, { readonly port: number; readonly name: string }>>;
  /** Common name of the client certificate that may speak for a sender domain. */
  readonly speakers: Readonly<Record<string, string>>;
  /** LMTP socket of the mailboxes. */
  readonly lmtp: string;
  /** Clients without a certificate that may submit: the neomutt of this operator. */
  readonly submissionPort: number;
}

export interface Postfix extends PostfixInstance {
  readonly port: number;
}

/** Answers Postfix's policy requests (SMTPD_POLICY_README): the name in the certificate must be the listed one. */
async function startPolicy(speakers: PostfixSettings['speakers']): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    let unread = '';
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      unread += chunk.toString('utf8');
      for (let end = unread.indexOf('\n\n'); end >= 0; end = unread.indexOf('\n\n')) {
        const request = Object.fromEntries(
          unread
            .slice(0, end)
            .split('\n')
            .map((line) => line.split(/=(.*)/s).slice(0, 2)),
        ) as Record<string, string>;
        unread = unread.slice(end + 2);
        const domain = (request['sender'] ?? '').split('@')[1] ?? '';
        const names = domain === '' ? Object.values(speakers) : [speakers[domain] ?? ''];
        const subject = decodeURIComponent((request['ccert_subject'] ?? '').replaceAll('+', '%'));
        const isListed = subject !== '' && names.includes(subject);
        socket.write(`action=${isListed ? 'dunno' : 'reject 5.7.1 Certificate name not listed for this domain'}\n\n`);
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, server };
}

function mainLines(settings: PostfixSettings, policyPort: number): string[] {
  const { routes } = settings;
  const entries = Object.entries(routes);
  const inline = (lines: string[]) => (lines.length === 0 ? '' : `inline:{${lines.join(', ')}}`);
  return [
    `myhostname = ${settings.hostName}`,
    `myorigin = ${settings.domain}`,
    'mynetworks =',
    'smtputf8_enable = yes',
    'message_size_limit = 52428800',
    `virtual_mailbox_domains = ${settings.domain}`,
    `virtual_transport = lmtp:unix:${settings.lmtp}`,
    `transport_maps = ${inline(entries.map(([domain, { port }]) => `{${domain} = smtp:[127.0.0.1]:${port}}`))}`,
    'relay_domains =',
    // In: a client certificate of the trust space, and a name that may speak for the sender's domain.
    'smtpd_tls_security_level = encrypt',
    `smtpd_tls_cert_file = ${settings.certificate}`,
    `smtpd_tls_key_file = ${settings.key}`,
    `smtpd_tls_CAfile = ${settings.authorities}`,
    'smtpd_tls_mandatory_protocols = >=TLSv1.2',
    'smtpd_tls_req_ccert = yes',
    'smtpd_tls_received_header = yes',
    `smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:${policyPort}, reject_unauth_destination`,
    // Out: STARTTLS, the certificate of the server checked by name, our own shown.
    'smtp_tls_security_level = encrypt',
    `smtp_tls_policy_maps = ${inline(entries.map(([, { port, name }]) => `{[127.0.0.1]:${port} = secure match=${name}}`))}`,
    `smtp_tls_cert_file = ${settings.certificate}`,
    `smtp_tls_key_file = ${settings.key}`,
    `smtp_tls_CAfile = ${settings.authorities}`,
    'smtp_tls_loglevel = 1',
    'smtpd_tls_loglevel = 1',
    'minimal_backoff_time = 5s',
    'maximal_backoff_time = 10s',
    'queue_run_delay = 5s',
  ];
}

/** Starts the operator; resolves when its Postfix answers. */
export async function startPostfix(settings: PostfixSettings): Promise<Postfix> {
  const policy = await startPolicy(settings.speakers);
  const instance = await startPostfixInstance(settings.folder, mainLines(settings, policy.port), [
    `127.0.0.1:${settings.port} inet n - n - - smtpd`,
    `127.0.0.1:${settings.submissionPort} inet n - n - - smtpd`,
    '  -o smtpd_tls_req_ccert=no',
    '  -o smtpd_tls_security_level=may',
    '  -o mynetworks=127.0.0.0/8',
    '  -o smtpd_recipient_restrictions=permit_mynetworks,reject',
  ]);
  return {
    ...instance,
    port: settings.port,
    async stop() {
      await instance.stop();
      policy.server.close();
    },
  };
}
