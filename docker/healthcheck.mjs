/**
 * What Docker asks inside a container: does the server still answer? `smtp PORT` waits for the greeting, `http PORT`
 * for a 200 of /healthz, which a relay gives while its Redis answers. Exit code 0 is healthy, 1 is not.
 */
import { connect } from 'node:net';

const TIMEOUT_MS = 4_000;

/** @param {number} port */
function smtpGreets(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: TIMEOUT_MS });
    let heard = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => {
      heard += text;
      if (!heard.includes('\n')) return;
      socket.end('QUIT\r\n');
      resolve(heard.startsWith('220 '));
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}

/** @param {number} port */
async function httpIsWell(port) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return answer.status === 200;
  } catch {
    return false;
  }
}

const [kind, port] = [process.argv[2], Number(process.argv[3])];
process.exit((kind === 'smtp' ? await smtpGreets(port) : await httpIsWell(port)) ? 0 : 1);
