/**
 * The foreign tools that judge the tests, each with the Debian package that brings it.
 * Missing ones are installed in one go by apt-get; where that cannot be done, one sentence gives the exact command.
 * Servers among them (PostgreSQL) are neither started nor given a cluster: the tests run their own.
 */
import { existsSync, readdirSync } from 'node:fs';
import { installPackages } from './apt.mjs';
import { onPath, SetupError } from './steps.mjs';

const POSTGRESQL_FOLDER = '/usr/lib/postgresql';

/** @type {{ tool: string, debianPackage: string, isPresent: () => boolean }[]} */
const TEST_TOOLS = [
  { tool: 'openssl', debianPackage: 'openssl', isPresent: () => onPath('openssl') !== null },
  { tool: 'chromium', debianPackage: 'chromium', isPresent: () => existsSync('/usr/bin/chromium') },
  { tool: 'swaks', debianPackage: 'swaks', isPresent: () => onPath('swaks') !== null },
  { tool: 'docker-compose', debianPackage: 'docker-compose', isPresent: () => onPath('docker-compose') !== null },
  { tool: 'caddy', debianPackage: 'caddy', isPresent: () => onPath('caddy') !== null },
  { tool: 'postgresql', debianPackage: 'postgresql', isPresent: hasPostgresServer },
];

function hasPostgresServer() {
  if (!existsSync(POSTGRESQL_FOLDER)) return false;
  return readdirSync(POSTGRESQL_FOLDER).some((version) => existsSync(`${POSTGRESQL_FOLDER}/${version}/bin/initdb`));
}

const missingTools = () => TEST_TOOLS.filter((one) => !one.isPresent());

export const testToolsArePresent = () => missingTools().length === 0;

export async function provideTestTools() {
  const missing = missingTools();
  if (missing.length === 0) return;
  const reason = `installing what the tests need: ${missing.map((one) => one.tool).join(', ')}`;
  await installPackages(
    missing.map((one) => one.debianPackage),
    reason,
  );
  const absent = missingTools();
  if (absent.length > 0)
    throw new SetupError(`still missing after apt-get: ${absent.map((one) => one.tool).join(', ')}`);
}
