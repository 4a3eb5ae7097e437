/**
 * The foreign tools that judge the tests, each with the Debian package that brings it; the interop matrix asks for
 * Bouncy Castle as well, which needs a JDK of hundreds of megabytes, and for no browser or server.
 * Missing ones are installed in one go by apt-get; where that cannot be done, one sentence gives the exact command.
 * Servers among them (PostgreSQL, Postfix, Dovecot, clamd) are neither started nor configured: the tests run their own.
 */
import { existsSync, readdirSync } from 'node:fs';
import { installPackages } from './apt.mjs';
import { onPath, SetupError } from './steps.mjs';

const POSTGRESQL_FOLDER = '/usr/lib/postgresql';

/** @typedef {'test' | 'interop'} ToolSet */
/** @typedef {{ tool: string, debianPackage: string, isPresent: () => boolean }} Tool */

/** @param {string} tool @param {string} [debianPackage] @returns {Tool} */
const command = (tool, debianPackage = tool) => ({ tool, debianPackage, isPresent: () => onPath(tool) !== null });

/** Judges PDF/A-1b; it uses what Java itself had until version 8. */
const PREFLIGHT = '/usr/share/java/preflight.jar';
const JAXB = '/usr/share/java/jaxb-api.jar';
const BOUNCY_CASTLE = '/usr/share/java/bcmail.jar';

/** Programs that speak S/MIME. */
const CORRESPONDENTS = [
  command('openssl'),
  command('cmsutil', 'libnss3-tools'),
  command('gpgsm'),
  command('gpg-agent'),
];

/** @type {Record<ToolSet, Tool[]>} */
const TOOLS = {
  test: [
    ...CORRESPONDENTS,
    { tool: 'chromium', debianPackage: 'chromium', isPresent: () => existsSync('/usr/bin/chromium') },
    command('swaks'),
    { tool: 'postfix', debianPackage: 'postfix', isPresent: () => existsSync('/usr/sbin/postfix') },
    { tool: 'dovecot', debianPackage: 'dovecot-imapd', isPresent: () => existsSync('/usr/sbin/dovecot') },
    { tool: 'dovecot lmtp', debianPackage: 'dovecot-lmtpd', isPresent: () => existsSync('/usr/lib/dovecot/lmtp') },
    command('neomutt'),
    { tool: 'clamd', debianPackage: 'clamav-daemon', isPresent: () => existsSync('/usr/sbin/clamd') },
    command('qpdf'),
    command('pdftotext', 'poppler-utils'),
    command('xmllint', 'libxml2-utils'),
    command('unzip'),
    command('java', 'default-jre-headless'),
    { tool: 'PDFBox preflight', debianPackage: 'libpdfbox2-java', isPresent: () => existsSync(PREFLIGHT) },
    { tool: 'javax.xml.bind', debianPackage: 'libjaxb-api-java', isPresent: () => existsSync(JAXB) },
    command('docker-compose'),
    command('caddy'),
    { tool: 'postgresql', debianPackage: 'postgresql', isPresent: hasPostgresServer },
  ],
  interop: [
    ...CORRESPONDENTS,
    command('javac', 'default-jdk-headless'),
    { tool: 'Bouncy Castle', debianPackage: 'libbcmail-java', isPresent: () => existsSync(BOUNCY_CASTLE) },
  ],
};

function hasPostgresServer() {
  if (!existsSync(POSTGRESQL_FOLDER)) return false;
  return readdirSync(POSTGRESQL_FOLDER).some((version) => existsSync(`${POSTGRESQL_FOLDER}/${version}/bin/initdb`));
}

/** @param {ToolSet} set */
const missingTools = (set) => TOOLS[set].filter((one) => !one.isPresent());

/** @param {ToolSet} set */
export const toolsArePresent = (set) => missingTools(set).length === 0;

/** @param {ToolSet} set */
export async function provideTools(set) {
  const missing = missingTools(set);
  if (missing.length === 0) return;
  const reason = `installing what the ${set === 'test' ? 'tests need' : 'interop matrix needs'}: ${missing.map((one) => one.tool).join(', ')}`;
  await installPackages(
    missing.map((one) => one.debianPackage),
    reason,
  );
  const absent = missingTools(set);
  if (absent.length > 0)
    throw new SetupError(`still missing after apt-get: ${absent.map((one) => one.tool).join(', ')}`);
}
