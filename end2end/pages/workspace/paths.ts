import type { Workspace } from '../../support/setup.ts';

/** Address of a workspace, or of one of its pages. */
export const workspacePath = (workspace: Workspace, page?: 'connect' | 'tokens' | 'setup' | 'check-up' | 'artifacts' | 'settings' | 'runs' | 'statistics') =>
  `/o/${workspace.org.slug}/w/${workspace.id}${page ? `/${page}` : ''}`;
