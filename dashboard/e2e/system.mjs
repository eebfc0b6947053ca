import { execFileSync, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const JAR = path('../../quickstart/target/quickstart.jar');
const DIST = path('../dist');
const JWT_SECRET = 'a-secret-of-the-tests-that-is-long-enough';

export const PASSWORD = 'bellhop-demo';

/** The whole of Bellhop, on free ports and with data of its own, which can be killed and started again. */
export class System {
  #data;
  #process;
  #output = '';
  api = '';
  realtime = '';

  static async start() {
    for (const [file, how] of [
      [JAR, './mvnw package -DskipTests -pl quickstart -am'],
      [join(DIST, 'index.html'), 'npm run build'],
    ]) {
      if (!existsSync(file)) {
        throw new Error(`There is no ${file}. Make it: ${how}`);
      }
    }
    const system = new System();
    system.#data = await mkdtemp(join(tmpdir(), 'bellhop-dashboard-'));
    await system.#up('0', '0');
    return system;
  }

  /** On the ports that it had. */
  async restart() {
    await this.#up(new URL(this.api).port, new URL(this.realtime).port);
  }

  async #up(apiPort, realtimePort) {
    const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
    this.#process = spawn(java, ['-XX:TieredStopAtLevel=1', '-jar', JAR, 'up'], {
      env: {
        ...process.env,
        BELLHOP_API_PORT: apiPort,
        BELLHOP_REALTIME_PORT: realtimePort,
        BELLHOP_DATA_DIR: this.#data,
        BELLHOP_JWT_SECRET: JWT_SECRET,
        BELLHOP_DASHBOARD_DIR: DIST,
        BELLHOP_APPLICATIONS_PER_MINUTE: '0',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#output = '';
    await new Promise((resolve, reject) => {
      const read = (chunk) => {
        this.#output += chunk.toString();
        const api = /REST API\s+(\S+)\/api\/v1/.exec(this.#output)?.[1];
        const realtime = /Dashboard\s+(\S+)/.exec(this.#output)?.[1];
        if (api && realtime && this.#output.includes('Ctrl-C stops it')) {
          this.api = api;
          this.realtime = realtime;
          resolve();
        }
      };
      this.#process.stdout.on('data', read);
      this.#process.stderr.on('data', read);
      this.#process.once('exit', (code) => reject(new Error(`Bellhop ended with ${code}:\n${this.#output}`)));
    });
  }

  /** @param {'SIGKILL' | 'SIGTERM'} signal */
  async stop(signal) {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill(signal);
    await ended;
  }

  async close() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      await this.stop('SIGTERM');
    }
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Somebody who uses the API without a browser. */
  async logIn(email) {
    const login = await this.#call('POST', '/auth/login', { email, password: PASSWORD });
    const call = (method, to, body) => this.#call(method, to, body, login.access_token);
    return { ...login, call };
  }

  async #call(method, to, body, token) {
    const response = await fetch(`${this.api}/api/v1${to}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(method === 'POST' && { 'Idempotency-Key': randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw new Error(`${method} ${to}: ${response.status} ${await response.text()}`);
    }
    return response.status === 204 ? undefined : response.json();
  }

  /** As the public form does. */
  apply(propertyId, applicant_name) {
    return this.#call('POST', `/properties/${propertyId}/applications`, {
      applicant_name,
      email: 'applicant@mail.example',
      position: 'Receptionist',
    });
  }

  /** The same token with another life. */
  shortLived(token, seconds) {
    const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const [header, body] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const now = Math.floor(Date.now() / 1000);
    const signed = `${header}.${encode({ ...claims, jti: randomUUID(), iat: now, nbf: now, exp: now + seconds })}`;
    return `${signed}.${createHmac('sha256', JWT_SECRET).update(signed).digest('base64url')}`;
  }
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-dev-shm-usage',
];

function findChromium() {
  const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return known.find((file) => file && existsSync(file));
}

/** The distribution's Chromium; where there is none and this user may install it, it is installed. */
export async function launch() {
  if (!findChromium() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('Installing chromium …');
    const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  }
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error('There is no chromium. Install it, or set CHROMIUM to a Chrome or Chromium.');
  }
  return chromium.launch({ executablePath, args: FLAGS, timeout: 60_000 });
}

/** A browser profile of its own, with one page, whose errors are the test's. */
export class Visitor {
  errors = [];

  static async of(browser, system, email, options = {}) {
    const visitor = new Visitor();
    visitor.context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    visitor.page = await visitor.context.newPage();
    visitor.page.setDefaultTimeout(10_000);
    visitor.page.on('pageerror', (error) => visitor.errors.push(String(error)));
    visitor.page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Minified React|bellhop:/.test(message.text())) {
        visitor.errors.push(message.text());
      }
    });
    await visitor.page.goto(system.realtime);
    if (email) {
      await visitor.logIn(email);
    }
    return visitor;
  }

  async logIn(email) {
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Log in' }).click();
    await this.state('connected');
  }

  /** Waits until the badge says so. */
  state(state, timeout = 10_000) {
    return this.page.locator(`[data-testid=badge][data-state=${state}]`).waitFor({ timeout });
  }

  /** A page of the dashboard, by its hash. */
  async open(name) {
    await this.page.evaluate((hash) => (window.location.hash = hash), `#/${name}`);
    await this.page.locator('main h1').waitFor();
  }

  text(text) {
    return this.page.getByText(text, { exact: true });
  }

  close() {
    return this.context.close();
  }
}
