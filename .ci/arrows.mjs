// Holds src/ to the arrows of .dependency-cruiser.cjs, type imports included.
// dependency-cruiser cannot read TypeScript 7, and in compiled output the type imports are gone. So each source becomes
// a skeleton of its imports: `import 'x'` for values, `require('x')` for types only. Seeing no module is a failure.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cruise } from 'dependency-cruiser';
import { parseSync } from 'oxc-parser';

const project = fileURLToPath(new URL('..', import.meta.url));
const enhancedResolveOptions = { exportsFields: ['exports'], conditionNames: ['node', 'import', 'require', 'default'] };
const ruleSet = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** Cruises `src/` below `root`. Skeletons live inside the project, so that npm packages resolve as they do for the sources. */
export async function cruiseArrows(root = project) {
  mkdirSync(join(project, '.cache'), { recursive: true });
  const baseDir = mkdtempSync(join(project, '.cache/arrows-'));
  try {
    const files = readdirSync(join(root, 'src'), { recursive: true }).filter((name) => name.endsWith('.ts'));
    for (const name of files) writeSkeleton(join(root, 'src', name), join(baseDir, 'src', name.replace(/\.ts$/, '.js')));
    copyFileSync(join(project, 'package.json'), join(baseDir, 'package.json'));
    const { output } = await cruise(['src'], {
      ruleSet,
      validate: true,
      baseDir,
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions,
    });
    const violations = output.summary.violations.map((found) => violationOf(found));
    return {
      files: files.length,
      modules: output.modules.filter((module) => module.source.startsWith('src/')).length,
      violations,
    };
  } finally {
    rmSync(baseDir, { recursive: true, force: true });
  }
}

function writeSkeleton(source, target) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, skeletonOf(source, readFileSync(source, 'utf8')));
}

/** One line an import or re-export, in source order. */
export function skeletonOf(file, text) {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const lines = [];
  for (const { start, end, moduleRequest } of module.staticImports) {
    lines.push(lineOf(text.slice(start, end), moduleRequest.value));
  }
  for (const { start, end, entries } of module.staticExports) {
    const from = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    if (from) lines.push(lineOf(text.slice(start, end), from.value));
  }
  for (const { moduleRequest } of module.dynamicImports)
    lines.push(`import(${text.slice(moduleRequest.start, moduleRequest.end)});`);
  return `${lines.join('\n')}\n`;
}

function lineOf(statement, specifier) {
  const quoted = JSON.stringify(specifier);
  return /^(import|export)\s+type\b/.test(statement) ? `require(${quoted});` : `import ${quoted};`;
}

function violationOf({ rule, from, to }) {
  const comment = ruleSet.forbidden.find(({ name }) => name === rule.name)?.comment ?? '';
  return { rule: rule.name, from: asSource(from), to: asSource(to), comment };
}

function asSource(name) {
  return name.startsWith('src/') ? name.replace(/\.js$/, '.ts') : name;
}

async function main() {
  const { files, modules, violations } = await cruiseArrows();
  for (const { rule, from, to, comment } of violations) console.error(`${from} -> ${to} [${rule}]\n  ${comment}`);
  if (modules === 0 || modules !== files) console.error(`the cruise saw ${modules} modules of ${files} files: it guards nothing`);
  else console.log(`arrows: ${modules} modules, ${violations.length} violations`);
  return modules > 0 && modules === files && violations.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main();
