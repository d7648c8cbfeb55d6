// A Member looks at everything and is offered nothing that only Admins may do.
import { Members } from '../pages/org/members.ts';
import { OrgOverview } from '../pages/org/overview.ts';
import { Artifacts } from '../pages/workspace/artifacts.ts';
import { WorkspaceOverview } from '../pages/workspace/overview.ts';
import { workspacePath } from '../pages/workspace/paths.ts';
import { expect, test } from '../support/test.ts';

test.describe('as a Member', () => {
  test.use({ storageState: async ({ world }, use) => use(world.cookies.member) });

  test('no page offers what only Admins may do', async ({ page, world }) => {
    const overview = new OrgOverview(page);
    await overview.open(world.org);
    await expect(overview.row('shop')).toBeVisible();
    await expect(overview.newWorkspace).toHaveCount(0);
    await expect(overview.tabs()).toHaveText(['Workspaces', 'Runs', 'Members']);

    const members = new Members(page);
    await members.open(world.org);
    await expect(members.row(world.people.admin)).toBeVisible();
    await expect(page.getByRole('button', { name: /^Make / })).toHaveCount(0);
    await expect(page.getByText('Remove…')).toHaveCount(0);

    const workspace = new WorkspaceOverview(page);
    await workspace.open(world.used);
    await expect(workspace.tabs()).toHaveText(['Overview', 'Runs', 'Statistics', 'Connect', 'Access', 'Artifacts']);

    const artifacts = new Artifacts(page);
    await artifacts.open(world.used);
    await expect(artifacts.rows.first()).toBeVisible();
    await expect(page.getByRole('button', { name: /^Delete/ })).toHaveCount(0);
    await expect(page.getByText('Delete all artifacts…')).toHaveCount(0);
  });

  test('pages for Admins say so', async ({ page, world }) => {
    const paths = [`/o/${world.org.slug}/settings`, `/o/${world.org.slug}/workspaces/new`, workspacePath(world.used, 'settings')];
    for (const path of paths) {
      const answer = await page.goto(path);
      expect(answer?.status(), path).toBe(403);
      await expect(page.getByRole('heading', { level: 1 }), path).toHaveText('This is for Admins');
      await expect(page.getByText('Ask an Admin of the organization.'), path).toBeVisible();
    }
  });
});

test.describe('as somebody from outside', () => {
  test.use({ storageState: async ({ world }, use) => use(world.cookies.newcomer) });

  test('an organization of others does not exist, and neither does what is in it', async ({ page, world }) => {
    for (const path of [`/o/${world.org.slug}`, `/o/${world.org.slug}/members`, workspacePath(world.used), '/o/no-such-org', '/no/such/page']) {
      const answer = await page.goto(path);
      expect(answer?.status(), path).toBe(404);
      await expect(page.getByRole('heading', { level: 1 }), path).toHaveText('Nothing here');
      await expect(page.getByText(world.org.name), path).toHaveCount(0);
    }
    await page.getByRole('link', { name: 'To the start page' }).click();
    await expect(page).toHaveURL('/');
  });
});
