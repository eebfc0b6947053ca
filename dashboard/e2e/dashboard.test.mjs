import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { HOSTILE } from './hostile.mjs';
import { PAGES, furnish } from './pages.mjs';
import { System, Visitor, launch } from './system.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The dashboard in a real browser, on the real system. Each test has people of its own. */
describe('dashboard', { concurrency: false }, () => {
  let system;
  let browser;
  const visitors = [];

  const visit = async (email, options) => {
    const visitor = await Visitor.of(browser, system, email, options);
    visitors.push(visitor);
    return visitor;
  };

  before(async () => {
    [system, browser] = await Promise.all([System.start(), launch()]);
  });

  after(async () => {
    await browser?.close();
    await system?.close();
  });

  /** Everybody goes home; nobody's page has seen an error. */
  const leave = async () => {
    const errors = visitors.flatMap((visitor) => visitor.errors);
    await Promise.all(visitors.splice(0).map((visitor) => visitor.close()));
    assert.deepEqual(errors, []);
  };

  const property = async (name) => {
    const hr = await system.logIn('hr@harbor.example');
    const { items } = await hr.call('GET', '/properties');
    return items.find((one) => one.name === name).id;
  };

  const unreadIs = (visitor, count) =>
    visitor.page.waitForFunction(
      (wanted) => Number(document.querySelector('[data-testid=unread]').textContent) === wanted,
      count,
    );

  test('a wrong password says so, and a log-out ends the session', async () => {
    const maria = await visit(null);
    await maria.page.getByLabel('E-mail').fill('hr@harbor.example');
    await maria.page.getByLabel('Password').fill('wrong-password');
    await maria.page.getByRole('button', { name: 'Log in' }).click();
    await maria.page.getByRole('alert').filter({ hasText: /\w/ }).waitFor();
    await maria.logIn('hr@harbor.example');
    await maria.page.getByRole('button', { name: 'Log out' }).click();
    await maria.page.getByRole('button', { name: 'Log in' }).waitFor();
    await maria.page.reload();
    await maria.page.getByRole('button', { name: 'Log in' }).waitFor();
    await leave();
  });

  test('S1-110 S1-111 S1-112 one approves, another sees it without a reload, a third property sees nothing', async () => {
    const downtown = await visit('downtown@harbor.example');
    const hr = await visit('hr@harbor.example');
    const airport = await visit('airport@harbor.example');
    for (const visitor of [downtown, hr, airport]) {
      await visitor.open('applications');
    }
    const row = (visitor, name) => visitor.page.getByRole('row').filter({ hasText: name });

    await system.apply(await property('Harbor Downtown'), 'Ines Delgado');
    await row(hr, 'Ines Delgado').waitFor();
    await hr.text('Application submitted: Ines Delgado').waitFor();
    await downtown.page.getByRole('button', { name: 'Approve Ines Delgado' }).click();
    await row(hr, 'Ines Delgado').getByText('approved').waitFor();
    await hr.open('onboarding');
    await row(hr, 'Ines Delgado').getByText('in progress').waitFor();

    await system.apply(await property('Harbor Airport'), 'Tom Fence');
    await row(airport, 'Tom Fence').waitFor(); // came after all the others, so nothing else is on its way
    assert.equal(await airport.page.getByText('Ines Delgado').count(), 0);
    assert.equal(await downtown.page.getByText('Tom Fence').count(), 0);

    await airport.page.getByRole('button', { name: 'Reject Tom Fence' }).click();
    await airport.page.getByRole('dialog').getByLabel('Reason').fill('The position is filled');
    await airport.page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
    await row(airport, 'Tom Fence').getByText('The position is filled').waitFor();
    await leave();
  });

  test('two who edit the same entity: the second is told, and decides', async () => {
    const one = await visit('hr@harbor.example');
    const other = await visit('admin@harbor.example');
    const hr = await system.logIn('hr@harbor.example');
    await hr.call('POST', '/entities', { type: 'client', name: 'Contested' });
    for (const visitor of [one, other]) {
      await visitor.open('entities');
      await visitor.page.getByRole('button', { name: 'Edit Contested' }).click();
    }
    const dialog = (visitor) => visitor.page.getByRole('dialog');
    const cell = (visitor, name) => visitor.page.getByRole('table').getByText(name, { exact: true });
    await dialog(one).getByLabel('Name').fill('Contested, first');
    await dialog(one).getByRole('button', { name: 'Save' }).click();
    await cell(one, 'Contested, first').waitFor();
    await dialog(other).getByTestId('overtaken').filter({ hasText: 'Contested, first' }).waitFor();
    await dialog(other).getByLabel('Name').fill('Contested, second');
    await dialog(other).getByRole('button', { name: 'Save anyway' }).click();
    await cell(one, 'Contested, second').waitFor();

    await other.page.getByRole('button', { name: 'Delete Contested, second' }).click();
    await dialog(other).getByRole('button', { name: 'Delete' }).click();
    await cell(one, 'Contested, second').waitFor({ state: 'detached' });
    await leave();
  });

  test('a share, a message and a notification reach whom they are for', async () => {
    const hr = await visit('hr@harbor.example');
    const member = await visit('member@harbor.example');
    await member.open('shares');
    const machine = await system.logIn('hr@harbor.example');
    await machine.call('POST', '/entities', { type: 'client', name: 'Shared Client' });
    await hr.open('shares');
    await hr.page.getByRole('button', { name: 'Share an entity' }).click();
    const dialog = hr.page.getByRole('dialog');
    await dialog.getByLabel('Entity').selectOption({ label: 'Shared Client' });
    await dialog.getByLabel('With').selectOption({ label: 'Mila Novak' });
    await dialog.getByRole('button', { name: 'Share' }).click();
    await member.page.getByRole('row').filter({ hasText: 'Shared Client' }).waitFor();
    await hr.page.getByRole('button', { name: 'Revoke Shared Client' }).click();
    await member.page.getByRole('row').filter({ hasText: 'Shared Client' }).waitFor({ state: 'detached' });

    const chat = await machine.call('POST', '/chats', { title: 'Night shift' });
    await machine.call('POST', `/chats/${chat.id}/messages`, { text: 'Who is here?' });
    await hr.open(`chat?id=${chat.id}`);
    await member.open(`chat?id=${chat.id}`);
    await member.page.getByRole('textbox', { name: 'Message' }).fill('I am, until six');
    await member.page.keyboard.press('Enter');
    await hr.page.getByRole('log').getByText('I am, until six').waitFor();

    const before = Number((await member.page.getByTestId('unread').textContent()) || 0);
    await machine.call('POST', '/notifications', { message: 'Fire drill at noon', severity: 'warning' });
    await member.text('Fire drill at noon').waitFor();
    await unreadIs(member, before + 1);
    await member.open('notifications');
    await member.page.getByRole('button', { name: 'Mark as read: Fire drill at noon' }).click();
    await unreadIs(member, before);
    await leave();
  });

  test('a token that expires during use is renewed without anybody noticing', async () => {
    const hr = await visit('hr@harbor.example');
    const seconds = 15;
    const login = JSON.parse(await hr.page.evaluate(() => localStorage.getItem('bellhop.session')));
    // The page as it would be shortly before the end of its token.
    const ends = Date.now() + (seconds + 1) * 1000;
    const short = { ...login, access_token: system.shortLived(login.access_token, seconds) };
    await hr.page.evaluate((kept) => localStorage.setItem('bellhop.session', kept), JSON.stringify(short));
    await hr.page.reload();
    await hr.state('connected');
    await hr.open('test');
    const connection = await hr.page.getByTestId('connection').textContent();
    await hr.page.waitForFunction(
      (old) => JSON.parse(localStorage.getItem('bellhop.session')).access_token !== old,
      short.access_token,
    );
    await hr.page.evaluate((until) => new Promise((done) => setTimeout(done, until - Date.now())), ends);
    await hr.open('entities');
    const machine = await system.logIn('hr@harbor.example');
    await machine.call('POST', '/entities', { type: 'client', name: 'After the token' });
    await hr.text('After the token').waitFor();
    await hr.open('test');
    assert.equal(await hr.page.getByTestId('connection').textContent(), connection);
    await leave();
  });

  test('a reload goes on where the page was', async () => {
    const admin = await visit('admin@harbor.example');
    await admin.open('realtime');
    const machine = await system.logIn('hr@harbor.example');
    await machine.call('POST', '/entities', { type: 'client', name: 'Before the reload' });
    await admin.page.getByTestId('events').getByText('Before the reload').waitFor();
    await admin.page.goto('about:blank');
    await machine.call('POST', '/entities', { type: 'client', name: 'During the reload' });
    await admin.page.goto(`${system.realtime}/#/realtime`);
    await admin.page.getByTestId('recovery').filter({ hasText: 'Recovered' }).waitFor();
    await admin.page.getByTestId('events').getByText('During the reload').waitFor();
    assert.equal(await admin.page.getByTestId('events').getByText('Before the reload').count(), 0);
    await leave();
  });

  test('S1-089 S1-119 the tester sends any frame, sees every frame, and watches a dropped connection recover', async () => {
    const hr = await visit('hr@harbor.example');
    await hr.open('test');
    const frames = hr.page.getByTestId('frames');
    await hr.page.getByLabel('Text of the frame').fill('not even JSON');
    await hr.page.getByRole('button', { name: 'Send', exact: true }).click();
    await frames.getByText('invalid_message').waitFor();
    await hr.page.getByRole('button', { name: 'Who is here' }).click();
    await hr.page.getByRole('button', { name: 'Send', exact: true }).click();
    await frames.getByText('presence', { exact: true }).first().waitFor();
    const connection = await hr.page.getByTestId('connection').textContent();
    await hr.page.getByRole('button', { name: 'Drop and recover' }).click();
    await hr.page.getByTestId('how').filter({ hasText: 'Recovered' }).waitFor();
    assert.notEqual(await hr.page.getByTestId('connection').textContent(), connection);
    await leave();
  });

  test('broadcast reaches its room, and explain says who got it and who did not', async () => {
    const admin = await visit('admin@harbor.example');
    const hr = await visit('hr@harbor.example');
    await admin.open('broadcast');
    await admin.page.getByLabel('To', { exact: true }).selectOption('global');
    await admin.page.getByLabel('Payload (JSON)').fill('{"message":"Only for the office","severity":"info"}');
    await admin.page.getByRole('button', { name: 'Send' }).click();
    await admin.page.getByTestId('sent').waitFor();
    await hr.text('Only for the office').waitFor();

    await admin.open('explain');
    const explain = async (name) => {
      const newest = await admin.page.locator('select[name=event] option', { hasText: 'Only for the office' }).first();
      await newest.waitFor({ state: 'attached' });
      await admin.page.getByLabel('Event').selectOption(await newest.getAttribute('value'));
      await admin.page.getByLabel('Person').selectOption({ label: name });
      await admin.page.getByRole('button', { name: 'Explain' }).click();
      return admin.page.getByTestId('explanation').filter({ hasText: name });
    };
    await (await explain('Henrik Olsen')).getByText('delivered', { exact: true }).first().waitFor();
    await (await explain('Mila Novak')).getByText('not delivered', { exact: true }).waitFor();
    await leave();
  });

  test(`${HOSTILE.length} hostile strings are shown as text`, async () => {
    const admin = await visit('admin@harbor.example');
    const dialogs = [];
    admin.page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await admin.page.evaluate(() => (window.harmed = 0));
    const machine = await system.logIn('hr@harbor.example');
    const entities = await machine.call('POST', '/entities/batch', {
      items: HOSTILE.map((name) => ({ type: 'custom', name, notes: name })),
    });
    const chat = await machine.call('POST', '/chats', { title: HOSTILE[0] });
    for (const text of HOSTILE.slice(0, 20)) {
      await machine.call('POST', `/chats/${chat.id}/messages`, { text });
    }
    // The log shows them without their elements: those were taken out before they were logged.
    await admin.open('realtime');
    await machine.call('POST', '/entities', { type: 'custom', name: 'After all of them' });
    await admin.page.getByTestId('events').getByText('After all of them').waitFor();
    // The list shows what the API holds, letter by letter.
    await admin.open('entities');
    const stored = new Map(entities.items.map(({ id, name }) => [id, name]));
    await admin.page.locator(`tr[data-id="${entities.items.at(-1).id}"]`).waitFor();
    const shown = await admin.page
      .locator('tr[data-id]')
      .evaluateAll((rows) => rows.map((row) => [row.dataset.id, row.querySelector('strong').textContent]));
    const seen = new Map(shown);
    for (const [id, name] of stored) {
      assert.equal(seen.get(id), name);
    }
    await admin.open(`chat?id=${chat.id}`);
    await admin.page.getByRole('log').locator('li').nth(19).waitFor();
    await admin.open('');
    assert.equal(await admin.page.evaluate(() => window.harmed), 0);
    assert.equal(await admin.page.locator('main script, main iframe, main object, main img[onerror]').count(), 0);
    assert.deepEqual(dialogs, []);
    await leave();
    await Promise.all([...stored.keys()].map((id) => machine.call('DELETE', `/entities/${id}`)));
  });

  test('nothing moves under the pointer when events come', async () => {
    const hr = await visit('hr@harbor.example');
    const machine = await system.logIn('hr@harbor.example');
    await machine.call('POST', '/entities', { type: 'client', name: 'Under the pointer' });
    await hr.open('entities');
    const edit = hr.page.getByRole('button', { name: 'Edit Under the pointer' });
    await edit.hover();
    const place = await edit.boundingBox();
    await machine.call('POST', '/entities', { type: 'client', name: 'A newcomer' });
    await hr.page.getByRole('button', { name: 'Show 1 new' }).waitFor();
    assert.deepEqual(await edit.boundingBox(), place);
    await hr.page.getByRole('button', { name: 'Show 1 new' }).click();
    await hr.text('A newcomer').waitFor();
    await leave();
  });

  test('the server is killed and started again during use: the badge tells, and nothing is missing', async () => {
    const hr = await visit('hr@harbor.example');
    const admin = await visit('admin@harbor.example');
    await hr.open('entities');
    await admin.open('realtime');
    const machine = await system.logIn('hr@harbor.example');
    const names = [];
    const create = async (name) => {
      await machine.call('POST', '/entities', { type: 'client', name });
      names.push(name);
    };
    await create('Long before');
    await admin.page.getByTestId('events').getByText('Long before').waitFor();
    await Promise.all([1, 2, 3, 4, 5].map((number) => create(`Right before ${number}`)));
    await system.stop('SIGKILL');
    await Promise.all([hr.state('reconnecting'), admin.state('reconnecting')]);
    await system.restart();
    await Promise.all([1, 2, 3].map((number) => create(`Right after ${number}`)));
    await Promise.all(
      [hr, admin].map((visitor) =>
        visitor.page
          .getByRole('button', { name: 'Try now' })
          .click()
          .catch(() => undefined),
      ),
    );
    await Promise.all([hr.state('connected', 35_000), admin.state('connected', 35_000)]);
    await create('Long after');
    await hr.text('Long after').waitFor();
    for (const name of names) {
      assert.equal(await hr.text(name).count(), 1, name);
    }
    const log = admin.page.getByTestId('events');
    await log.getByText('Long after').waitFor();
    for (const name of names) {
      assert.equal(await log.getByText(name, { exact: true }).count(), 1, `${name} in the log`);
    }
    await admin.page.getByTestId('recovery').filter({ hasText: 'Recovered' }).waitFor();
    await leave();
  });

  test('axe finds nothing serious on any page, in light and dark', async () => {
    await furnish(system);
    for (const colorScheme of ['light', 'dark']) {
      const admin = await visit(null, { colorScheme, bypassCSP: true });
      await admin.page.addScriptTag({ content: AXE });
      const check = async (name) => {
        const found = await admin.page.evaluate(async () => {
          await Promise.all(document.getAnimations().map((animation) => animation.finish()));
          const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
          return violations
            .filter(({ impact }) => impact === 'serious' || impact === 'critical')
            .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        });
        assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      };
      await check('login');
      await admin.logIn('admin@harbor.example');
      for (const { name, show, ready } of PAGES) {
        await admin.open(show);
        await ready(admin.page);
        await check(name);
        await admin.page.keyboard.press('Escape');
      }
      await leave();
    }
  });

  test('a keyboard is enough, also at the width of a phone', async () => {
    const hr = await visit('hr@harbor.example', { viewport: { width: 390, height: 844 } });
    const { keyboard } = hr.page;
    await hr.page.getByRole('button', { name: 'Menu' }).focus();
    await keyboard.press('Enter');
    await hr.page.getByRole('link', { name: 'Entities' }).focus();
    await keyboard.press('Enter');
    await hr.page.locator('h1:focus', { hasText: 'Entities' }).waitFor();
    await hr.page.getByRole('button', { name: 'New entity' }).focus();
    await keyboard.press('Enter');
    await hr.page.getByRole('dialog').waitFor();
    await keyboard.type('By hand');
    await keyboard.press('Enter');
    await hr.page.getByRole('dialog').waitFor({ state: 'detached' });
    await hr.text('By hand').waitFor();
    const overflow = await hr.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
    await leave();
  });
});
