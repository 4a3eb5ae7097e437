/**
 * Builds the app into a folder that any web server can serve: JavaScript and CSS with a digest in their names, the
 * page, the manifest, the icons, and a service worker that knows exactly these files. A build is skipped when nothing
 * it is made of has changed, so that `npm start` is quick. It fails when the JavaScript passes its budget.
 *
 * By hand: `node mobile-lite/build.ts [FOLDER]`.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle, type Metafile } from 'esbuild';
import { iconPng, iconSvg } from './build-icons.ts';
import { baseName, type Made, partsOf, weigh, weighStart } from './build-parts.ts';
import { trimCatalogue } from './build-trim.ts';

/** Everything before the first conversation is on the screen (design section 9). */
export const JAVASCRIPT_BUDGET_BYTES = 45_000;

export interface AppBuild {
  readonly outFolder: string;
  /** Bytes of JavaScript before the first conversation is on the screen, as gzip carries them, service worker included. */
  readonly javascriptGzipBytes: number;
  /** What comes later, when it is asked for. */
  readonly laterGzipBytes: number;
  readonly stylesGzipBytes: number;
  /** False when an earlier build of the same sources was found. */
  readonly fresh: boolean;
}

export interface BuildOptions {
  /** Where to; `dist` beside this file by default. */
  readonly outFolder?: string;
  readonly minify?: boolean;
  /** Builds even if nothing changed. */
  readonly force?: boolean;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const CONTRACTS = dirname(createRequire(import.meta.url).resolve('@estafette/contracts/ids'));
const RECORD = 'build.json';
const COLOURS = { light: '#0a636a', dark: '#182129' };

/** Builds the app, unless the folder already holds a build of the same sources. */
export async function buildApp(options: BuildOptions = {}): Promise<AppBuild> {
  const { outFolder = join(HERE, 'dist'), minify = true, force = false } = options;
  const sources = await digestOfSources(minify);
  const earlier = force ? null : await readRecord(outFolder);
  if (earlier !== null && earlier.sources === sources) return { ...earlier.build, outFolder, fresh: false };
  const files = new Map<string, string | Uint8Array>();
  const script = await bundleOne('src/app/main.tsx', 'app', minify);
  const styles = await bundleOne('src/app/app.css', 'app', minify);
  for (const { name, content } of [...script.made, ...styles.made]) files.set(name, content);
  const parts = partsOf(script.metafile, 'src/app/main.tsx');
  files.set('icon.svg', iconSvg());
  files.set('icon-192.png', iconPng(192, 'rounded'));
  files.set('icon-512.png', iconPng(512, 'rounded'));
  files.set('icon-mask.png', iconPng(512, 'maskable'));
  files.set('icon-apple.png', iconPng(180, 'full'));
  files.set('manifest.webmanifest', manifest());
  files.set('index.html', page({ script: parts.entry, beside: parts.beside, styles: named(styles.made, 'app-') }));

  const worker = await bundleOne('src/app/service-worker.ts', 'service-worker', minify, shellOf(files));
  for (const { content } of worker.made) files.set('service-worker.js', content);

  const build = {
    javascriptGzipBytes: weigh(worker.made) + weighStart(script.made, parts),
    laterGzipBytes: weigh(script.made.filter(({ name }) => parts.later.has(name))),
    stylesGzipBytes: weigh(styles.made),
  };
  if (minify && build.javascriptGzipBytes > JAVASCRIPT_BUDGET_BYTES) {
    throw new Error(`JavaScript of ${build.javascriptGzipBytes} bytes (gzip) is above ${JAVASCRIPT_BUDGET_BYTES}`);
  }
  files.set(RECORD, JSON.stringify({ sources, build }));
  await replaceFolder(outFolder, files);
  return { ...build, outFolder, fresh: true };
}

/** Whether the folder lacks a build of the present sources. */
export async function needsBuilding(options: BuildOptions = {}): Promise<boolean> {
  const earlier = await readRecord(options.outFolder ?? join(HERE, 'dist'));
  return earlier === null || earlier.sources !== (await digestOfSources(options.minify ?? true));
}

/** A server may be serving the earlier build: the new one takes its place whole. */
async function replaceFolder(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-new-`);
  await chmod(fresh, 0o755);
  for (const [name, content] of files) await writeFile(join(fresh, name), content);
  const earlier = `${fresh}-earlier`;
  await rename(folder, earlier).catch(() => undefined);
  // Where another process has built meanwhile, its folder is as good as ours.
  await rename(fresh, folder).catch(() => rm(fresh, { recursive: true }));
  await rm(earlier, { recursive: true, force: true });
}

async function bundleOne(
  entry: string,
  name: string,
  minify: boolean,
  define = {},
): Promise<{ made: Made[]; metafile: Metafile }> {
  const { outputFiles, metafile } = await bundle({
    absWorkingDir: HERE,
    metafile: true,
    entryPoints: [{ in: join(HERE, entry), out: name }],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    outdir: '/',
    bundle: true,
    minify,
    write: false,
    format: 'esm',
    target: ['es2022', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
    define,
    plugins: [trimCatalogue],
  });
  return { made: outputFiles.map(({ path, contents }) => ({ name: baseName(path), content: contents })), metafile };
}

function named(made: readonly Made[], start: string): string {
  const found = made.find(({ name }) => name.startsWith(start));
  if (found === undefined) throw new Error(`the build made no ${start}*`);
  return found.name;
}

/** What the service worker keeps, and a version that changes with any of it. */
function shellOf(files: ReadonlyMap<string, string | Uint8Array>): Record<string, string> {
  const digest = createHash('sha256');
  for (const [name, content] of files) digest.update(name).update(content);
  const names = [...files.keys()].map((name) => (name === 'index.html' ? '/' : `/${name}`));
  return { SHELL_FILES: JSON.stringify(names), SHELL_VERSION: JSON.stringify(digest.digest('hex').slice(0, 12)) };
}

function manifest(): string {
  return JSON.stringify({
    id: '/',
    name: 'Estafette',
    short_name: 'Estafette',
    description: 'Courrier sécurisé de santé, en conversations brèves',
    lang: 'fr',
    dir: 'ltr',
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: COLOURS.light,
    theme_color: COLOURS.light,
    icons: [
      { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: '/icon-mask.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
  });
}

function page(of: { script: string; beside: readonly string[]; styles: string }): string {
  const { script, beside, styles } = of;
  const preloads = beside.map((name) => `<link rel="modulepreload" href="/${name}">\n`).join('');
  return `<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<title>Estafette</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="description" content="Courrier sécurisé de santé">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="${COLOURS.light}">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="${COLOURS.dark}">
<meta name="apple-mobile-web-app-title" content="Estafette">
<link rel="manifest" href="/manifest.webmanifest">
<link rel="icon" type="image/svg+xml" href="/icon.svg">
<link rel="apple-touch-icon" href="/icon-apple.png">
<link rel="stylesheet" href="/${styles}">
${preloads}<script type="module" src="/${script}"></script>
</head>
<body>
<div id="app"><main class="sheet">Estafette</main></div>
<noscript><p class="sheet">Estafette a besoin de JavaScript pour ouvrir les courriers sur cet appareil.</p></noscript>
</body>
</html>
`;
}

/** SHA-256 over everything the app is made of: its sources, contracts, this build, and the versions of packages. */
async function digestOfSources(minify: boolean): Promise<string> {
  const digest = createHash('sha256').update(String(minify));
  for (const file of await sourcesOf([join(HERE, 'src'), CONTRACTS])) {
    digest.update(relative(HERE, file)).update(await readFile(file));
  }
  for (const name of [
    'build.ts',
    'build-icons.ts',
    'build-parts.ts',
    'build-trim.ts',
    'package.json',
    '../package-lock.json',
  ]) {
    digest.update(name).update(await readFile(join(HERE, name)).catch(() => ''));
  }
  return digest.digest('hex');
}

async function sourcesOf(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !entry.name.includes('.test.')) found.push(join(entry.parentPath, entry.name));
    }
  }
  return found.sort();
}

async function readRecord(
  outFolder: string,
): Promise<{ sources: string; build: Omit<AppBuild, 'outFolder' | 'fresh'> } | null> {
  try {
    return JSON.parse(await readFile(join(outFolder, RECORD), 'utf8'));
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  const made = await buildApp({ force: true, ...(folder === undefined ? {} : { outFolder: folder }) });
  const { outFolder, javascriptGzipBytes, laterGzipBytes, stylesGzipBytes } = made;
  console.log(
    `${relative(process.cwd(), outFolder)}: JavaScript ${javascriptGzipBytes} bytes gzip (budget ${JAVASCRIPT_BUDGET_BYTES}), later ${laterGzipBytes}, CSS ${stylesGzipBytes}`,
  );
}
