/**
 * Every page, how it is reached, and what is there once it has something to show; `settle` is how long a picture of it waits
 * for more, in milliseconds.
 */
const table = (label) => (page) =>
  page.getByRole('table', { name: label }).locator('tbody tr[data-id]').first().waitFor();

export const PAGES = [
  { name: 'overview', show: '', ready: (page) => page.locator('.bars progress').first().waitFor() },
  { name: 'applications', show: 'applications', ready: table('Applications') },
  { name: 'onboarding', show: 'onboarding', ready: table('Onboardings') },
  {
    name: 'onboarding-forms',
    show: 'onboarding',
    ready: async (page) => {
      await table('Onboardings')(page);
      await page
        .getByRole('button', { name: /^Forms of/ })
        .first()
        .click();
      await page.getByRole('dialog').getByText('policies').first().waitFor();
    },
  },
  { name: 'entities', show: 'entities', ready: table('Entities') },
  {
    name: 'entity',
    show: 'entities',
    ready: async (page) => {
      await table('Entities')(page);
      await page.getByRole('button', { name: /^Edit/ }).first().click();
      await page.getByRole('dialog').getByLabel('Notes').waitFor();
    },
  },
  { name: 'shares', show: 'shares', ready: table('Shares') },
  { name: 'chat', show: 'chat', ready: (page) => page.getByText('The towels are here').waitFor() },
  { name: 'calls', show: 'calls', ready: table('Calls') },
  { name: 'members', show: 'members', ready: table('Members') },
  { name: 'notifications', show: 'notifications', ready: table('Notifications') },
  {
    name: 'realtime',
    show: 'realtime',
    settle: 4000,
    ready: async (page) => {
      await page.locator('.people li').first().waitFor();
      await page.locator('figcaption b').filter({ hasNotText: '–' }).nth(3).waitFor();
    },
  },
  {
    name: 'test',
    show: 'test',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Drop and recover' }).click();
      await page.getByTestId('how').filter({ hasText: 'Recovered' }).waitFor();
      await page.getByTestId('frames').getByText('caught_up').first().waitFor();
    },
  },
  {
    name: 'explain',
    show: 'explain',
    ready: async (page) => {
      await page.locator('select[name=event] option').nth(1).waitFor({ state: 'attached' });
      await page.getByLabel('Event').selectOption({ index: 1 });
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByTestId('explanation').waitFor();
    },
  },
  { name: 'broadcast', show: 'broadcast', ready: (page) => page.getByLabel('Payload (JSON)').waitFor() },
];

/** Something to see on every page of the administrator of Harbor Hotels. */
export async function furnish(system) {
  const hr = await system.logIn('hr@harbor.example');
  const admin = await system.logIn('admin@harbor.example');
  const { items: entities } = await hr.call('GET', '/entities');
  const entity = entities[0];
  await hr.call('POST', '/shares', {
    resource_type: 'entity',
    resource_id: entity.id,
    user_id: admin.user.id,
    access_level: 'edit',
  });
  const chat = await hr.call('POST', '/chats', { title: 'Housekeeping' });
  await hr.call('POST', `/chats/${chat.id}/messages`, { text: 'Do we have enough for tonight?' });
  await admin.call('POST', `/chats/${chat.id}/messages`, { text: 'The towels are here' });
  const started_at = new Date().toISOString();
  await hr.call('POST', '/calls', { entity_id: entity.id, started_at, duration_s: 431 });
  await hr.call('POST', '/notifications', { message: 'The lift is serviced on Friday', severity: 'warning' });
}

/** Events that come while somebody looks. */
export async function stir(system) {
  const hr = await system.logIn('hr@harbor.example');
  const entity = await hr.call('POST', '/entities', { type: 'candidate', name: 'Grace Hopper' });
  await hr.call('PATCH', `/entities/${entity.id}`, { status: 'interview' });
  await hr.call('DELETE', `/entities/${entity.id}`);
}
