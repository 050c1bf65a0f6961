// Links that lead nowhere: to files, to headings, or out of the project.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { type Page, readPage } from './page.js';

/** A sentence for every link of the page that does not lead to something of the project. */
export function deadLinks(root: string, page: Page): readonly string[] {
  return page.links.flatMap((link) => {
    const problem = problemOf(root, page, link);
    return problem === null ? [] : [`${page.path}: [${link}] ${problem}`];
  });
}

function problemOf(root: string, page: Page, link: string): string | null {
  // Nobody can follow these while the tests run, so that they would die unseen.
  if (/^[a-z]+:/.test(link)) return 'leads out of the project';
  const [file = '', anchor] = link.split('#');
  const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
  if (path.startsWith('..') || (path !== page.path && !existsSync(join(root, path)))) return 'leads to no file';
  if (anchor === undefined) return null;
  if (!path.endsWith('.md')) return 'names a heading of a file that has none';
  return (path === page.path ? page : readPage(root, path)).anchors.has(anchor) ? null : 'leads to no heading';
}
