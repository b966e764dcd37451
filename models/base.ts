export { LegacyModel as ApplicationModel } from '../src';
