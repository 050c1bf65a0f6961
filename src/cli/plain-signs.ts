// Terminals that do not show UTF-8 get our own signs in ASCII, each as wide as it was, so that tables hold. What comes from data stays.
import type { Io, Output } from './io.js';

const SIGNS: Readonly<Record<string, string>> = {
  '✔': '+',
  '✖': 'x',
  '→': '>',
  '…': '~',
  '─': '-',
  '·': '|',
  '–': '-',
  Σ: 'S',
  '⠋': '-',
  '⠙': '\\',
  '⠹': '|',
  '⠸': '/',
  '⠼': '-',
  '⠴': '\\',
  '⠦': '|',
  '⠧': '/',
  '⠇': '-',
  '⠏': '\\',
};
const ANY_SIGN = new RegExp(`[${Object.keys(SIGNS).join('')}]`, 'g');

/** Where the locale says so. One that says nothing is that of a container or of cron, and its terminal mostly is a modern one. */
export function speaksUtf8(env: Io['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}

export function withPlainSigns(output: Output): Output {
  const plain = (text: string): string => text.replace(ANY_SIGN, (sign) => SIGNS[sign] ?? sign);
  return {
    ...output,
    write: (text) => output.write(plain(text)),
    send: async (data) => output.send(typeof data === 'string' ? plain(data) : data),
  };
}
