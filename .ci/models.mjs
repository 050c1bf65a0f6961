// The parsed models, kept beside the program: a cold run starts a second earlier. Needs dist/ (`make build`).
import { shipModels } from '../dist/run/models.js';

await shipModels();
