/**
 * Installs Debian packages, as root or through `sudo -n` (never asking for a password).
 * Freshly installed servers are not started, PostgreSQL gets no cluster and Postfix no configuration: for the duration, a
 * policy-rc.d forbids starting (invoke-rc.d(8)) and create_main_cluster is off. Both are put back at the end, also after
 * a failure. A Postfix that was there before is left as it is.
 */
import { onPath, runCommand, runStep, SetupError } from './steps.mjs';

const SCRIPT = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
mark='# Estafette set-up: keeps freshly installed servers from starting; can be deleted'
cluster=/etc/postgresql-common/createcluster.conf
put_back() {
  if [ -f "$policy" ] && grep -qF "$mark" "$policy"; then rm -f "$policy"; fi
  if [ -f "$cluster.before-estafette" ]; then mv -f "$cluster.before-estafette" "$cluster"; fi
}
trap put_back EXIT
trap 'exit 130' INT TERM HUP
if [ ! -e "$policy" ]; then printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy" && chmod 755 "$policy"; fi
apt='apt-get -y -o DPkg::Lock::Timeout=300 --no-install-recommends'
$apt update || echo 'apt-get update failed; going on with the package lists that are there'
case " $* " in *' postgresql '*)
  $apt install postgresql-common || exit 1
  cp -p "$cluster" "$cluster.before-estafette" && echo 'create_main_cluster = false' >> "$cluster"
esac
case " $* " in *' postfix '*)
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
esac
$apt install "$@"
`;

const isRoot = () => process.getuid?.() === 0;

/** Whether packages can be installed without asking anybody. */
export async function mayInstallPackages() {
  if (onPath('apt-get') === null) return false;
  if (isRoot()) return true;
  return onPath('sudo') !== null && (await runCommand('sudo', ['-n', 'true'])).code === 0;
}

/** The command a person would type to get these packages. @param {string[]} packages */
function commandFor(packages) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/**
 * @param {string[]} packages
 * @param {string} reason what they are for, at the start of the progress line
 */
export async function installPackages(packages, reason) {
  if (!(await mayInstallPackages())) {
    const hint = 'this needs apt-get, and root or a sudo that asks for no password';
    throw new SetupError(`missing: ${packages.join(', ')}; ${hint}. Run: ${commandFor(packages)}`);
  }
  const shell = ['sh', '-c', SCRIPT, 'sh', ...packages];
  const [command = 'sh', ...args] = isRoot() ? shell : ['sudo', '-n', ...shell];
  const installed = await runStep(`${reason} (one or two minutes)`, command, args);
  if (!installed) throw new SetupError(`apt-get could not install the packages. Run: ${commandFor(packages)}`);
}
