// The readers in a process of their own: what a damaged file does to the engine ends here.
import { complaint } from './check.js';

interface Asked {
  readonly reader: string;
  readonly name: string;
  readonly bytes: string;
}

process.on('message', ({ reader, name, bytes }: Asked) => {
  void complaint(reader, name, Buffer.from(bytes, 'base64')).then((answer) => process.send?.({ answer }));
});
process.send?.({ answer: 'ready' });
