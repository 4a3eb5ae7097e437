/**
 * For tests: the server at the other end, real SMTP over real TLS, that behaves as told: defers, refuses, hangs, offers
 * no STARTTLS, or ends the connection between the final dot and its answer. It remembers what it was told.
 */
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { IssuedCertificate } from '@estafette/certs/development-authority';

export interface PeerBehaviour {
  /** Answer lines by command (`MAIL`, `RCPT`, `DATA`, `dot`, `EHLO`, `STARTTLS`, `greeting`); or what it does instead. */
  readonly answers?: Readonly<Record<string, string | 'hang' | 'die'>>;
  /** Lines of EHLO beside STARTTLS. */
  readonly extensions?: readonly string[];
  readonly hasNoTls?: boolean;
  readonly address?: string;
  readonly port?: number;
  /** Authorities of client certificates that are asked for. */
  readonly clients?: string;
}

export interface SmtpPeer {
  readonly port: number;
  readonly mails: { readonly lines: readonly string[]; readonly bytes: Buffer; readonly secure: boolean }[];
  /** Every command of every session. */
  readonly commands: string[];
  /** Common names of client certificates that were shown. */
  readonly clients: string[];
  sessions: number;
  /** Changed during a test. */
  answers: Record<string, string>;
  /** Ends every connection. */
  hangUp(): void;
  close(): Promise<void>;
}

const USUAL: Record<string, string> = {
  greeting: '220 here',
  MAIL: '250 ok',
  RCPT: '250 ok',
  DATA: '354 go on',
  dot: '250 taken',
  RSET: '250 ok',
  STARTTLS: '220 go on',
  QUIT: '221 bye',
  NONE: '503 no recipient',
};

/** Speaks one session; a new one for what comes after STARTTLS. */
function speak(peer: SmtpPeer, socket: Socket, given: { behaviour: PeerBehaviour; context: SecureContext }): void {
  const { behaviour, context } = given;
  const isSecure = socket instanceof TLSSocket;
  let text = '';
  let lines: string[] = [];
  let isData = false;
  let isDeaf = false;
  let isReady = false;
  const say = (command: string): string => {
    const answer = peer.answers[command] ?? USUAL[command] ?? '500 what';
    if (answer === 'die') socket.destroy();
    else if (answer === 'hang') isDeaf = true;
    else socket.write(`${answer}\r\n`);
    return answer;
  };
  const greet = (): void => {
    const offered = [...(isSecure || behaviour.hasNoTls === true ? [] : ['STARTTLS']), ...(behaviour.extensions ?? [])];
    if (peer.answers.EHLO !== undefined) say('EHLO');
    else
      socket.write(
        ['here', ...offered].map((line, at) => `250${at === offered.length ? ' ' : '-'}${line}\r\n`).join(''),
      );
  };
  const upgrade = (): void => {
    if (!say('STARTTLS').startsWith('2')) return;
    socket.removeAllListeners('data');
    const asks = behaviour.clients === undefined ? {} : { requestCert: true, rejectUnauthorized: false };
    const secure = new TLSSocket(socket, { isServer: true, secureContext: context, ...asks });
    secure.on('error', () => {});
    secure.once('secure', () => {
      const { CN } = secure.getPeerCertificate().subject ?? {};
      if (CN !== undefined) peer.clients.push(String(CN));
      speak(peer, secure, given);
    });
  };
  const command = (line: string): void => {
    const word = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? '';
    peer.commands.push(line);
    if (word === 'EHLO') {
      greet();
      return;
    }
    if (word === 'STARTTLS' && behaviour.hasNoTls !== true) {
      upgrade();
      return;
    }
    lines = word === 'MAIL' ? [line] : [...lines, line];
    // As real servers do: no data without a recipient.
    const answer = say(word === 'DATA' && !isReady ? 'NONE' : word);
    if (word === 'MAIL') isReady = false;
    if (word === 'RCPT') isReady ||= answer.startsWith('2');
    if (word === 'DATA' && answer.startsWith('3')) isData = true;
    if (word === 'QUIT') socket.end();
  };
  const takeMail = (): boolean => {
    const end = text.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    const bytes = Buffer.from(text.slice(0, end + 2).replace(/^\.\./gm, '.'), 'latin1');
    peer.mails.push({ lines, bytes, secure: isSecure });
    text = text.slice(end + 5);
    isData = false;
    say('dot');
    return true;
  };
  const takeLine = (): boolean => {
    const end = text.indexOf('\r\n');
    if (end < 0 || isDeaf) return false;
    const line = text.slice(0, end);
    text = text.slice(end + 2);
    command(line);
    return true;
  };
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    while (isData ? takeMail() : takeLine());
  });
  if (!isSecure) say('greeting');
}

/** Starts a server with this certificate. */
export async function startSmtpPeer(
  certificate: Pick<IssuedCertificate, 'certificatePem' | 'privateKeyPem'> & { readonly chainPem: string },
  behaviour: PeerBehaviour = {},
): Promise<SmtpPeer> {
  const context = createSecureContext({
    cert: certificate.certificatePem + certificate.chainPem,
    key: certificate.privateKeyPem,
    ...(behaviour.clients === undefined ? {} : { ca: behaviour.clients }),
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    peer.sessions += 1;
    socket.on('error', () => {});
    speak(peer, socket, { behaviour, context });
  });
  const host = behaviour.address ?? '127.0.0.1';
  await new Promise<void>((done) => server.listen(behaviour.port ?? 0, host, done));
  const peer: SmtpPeer = {
    port: (server.address() as { port: number }).port,
    mails: [],
    commands: [],
    clients: [],
    sessions: 0,
    answers: { ...(behaviour.hasNoTls === true ? { STARTTLS: '502 not here' } : {}), ...behaviour.answers },
    hangUp: () => sockets.forEach((socket) => void socket.destroy()),
    close: () =>
      new Promise((done) => {
        peer.hangUp();
        server.close(() => done());
      }),
  };
  return peer;
}
