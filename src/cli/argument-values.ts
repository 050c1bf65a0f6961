// Values of options and arguments: all that are wrong are told at once, before anything is done.
import { type Argument, type Command, InvalidArgumentError, type Option } from 'commander';
import { Failure, type Problem } from '../kernel/failure.js';
import { pathOf } from './command-tree.js';
import { fitted, printable } from './width.js';

type Taker = Option | Argument;

/** What is wrong with the values of one command line. */
export class ArgumentValues {
  readonly #problems: Problem[] = [];

  /** The command notes a wrong value here instead of stopping at it. */
  watch(command: Command): void {
    for (const option of command.options) this.#watch(option, option.long ?? option.flags, command);
    for (const argument of command.registeredArguments) this.#watch(argument, `<${argument.name()}>`, command);
  }

  check(): void {
    if (this.#problems.length > 0) throw new Failure('user', this.#problems);
  }

  #watch(taker: Taker, name: string, command: Command): void {
    const { parseArg } = taker;
    if (parseArg === undefined) return;
    taker.argParser((value: string, previous: unknown) => {
      try {
        return parseArg.call<Taker, [string, unknown], unknown>(taker, value, previous);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        this.#problems.push(wrong(name, value, error.message, command));
        // Something is given: that it is missing would be no true word.
        return value;
      }
    });
  }
}

function wrong(name: string, value: string, advice: string, command: Command): Problem {
  const help = `showback ${pathOf(command)} --help shows what there is`;
  const remedy = `${advice.charAt(0).toLowerCase()}${advice.slice(1).replace(/\.$/, '')} (${help})`;
  return { code: 'cli/bad-argument', message: `\`${name}\` cannot be \`${fitted(printable(value), 60)}\``, remedy };
}
