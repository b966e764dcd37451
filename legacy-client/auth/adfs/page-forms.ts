import { type DefaultTreeAdapterMap, parse } from 'parse5';
import { LoginFailure } from '../login-failure';

/** A form of a page, as a browser would send it. */
export interface PageForm {
  /** Absolute. */
  readonly action: URL;
  readonly method: string;
  /** Names and values, in the order of the page, with the first button that sends it. */
  readonly fields: readonly [name: string, value: string][];
  /** The names of the fields for user name and password; undefined where a form asks for neither. */
  readonly login: { readonly username: string; readonly password: string } | undefined;
}

/** What a page says to people, and asks of them. */
export interface ReadPage {
  readonly forms: readonly PageForm[];
  /** Why a login was refused; empty where the page does not say. */
  readonly errorText: string;
}

type Node = DefaultTreeAdapterMap['node'];
type Element = DefaultTreeAdapterMap['element'];

const ERROR_PLACE = /error(?:text)?(?:label|message)?$/i;
/** Inputs that are never sent, or not by themselves. */
const NOT_SENT = /^(?:button|reset|image|file|submit)$/;
const FOR_NAMES = /^(?:text|email|tel|)$/;

/** Far more than login pages have; parsing takes a time that grows with the square of the last two. */
const LARGEST = { characters: 1_000_000, elements: 3_000, words: 20_000 };

/**
 * Read the forms of an HTML page.
 *
 * @param address - where the page was found: its actions are relative to that.
 * @throws LoginFailure for a page that is larger than any login page.
 */
export function readPage(html: string, address: URL): ReadPage {
  requireModest(html, address);
  const all = elementsBelow(parse(html));
  const forms = all.filter(({ tagName }) => tagName === 'form');
  return {
    forms: forms.map((form) => {
      const own = elementsBelow(form);
      // NOTE: of a form that stands wrongly among tables its inputs are no descendants.
      const isEmpty = !own.some(({ tagName }) => tagName === 'input');
      return formOf(form, { elements: isEmpty && forms.length === 1 ? all : own, address });
    }),
    errorText: errorTextIn(all),
  };
}

/** NOTE: attributes are set apart by blanks, slashes or quotes, so there are no more than words. */
function requireModest(html: string, { host }: URL): void {
  const isModest =
    html.length <= LARGEST.characters &&
    countOf(html, /<[a-z]/gi) <= LARGEST.elements &&
    countOf(html, /[\s/"']+/g) <= LARGEST.words;
  if (!isModest) throw new LoginFailure(`${host} sent a page that is larger than any login page`);
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function formOf(
  form: Element,
  { elements, address }: { readonly elements: readonly Element[]; readonly address: URL },
): PageForm {
  const action = attribute(form, 'action');
  const inputs = elements.filter(isSendable);
  const submit = elements.find((element) => isSubmit(element) && attribute(element, 'name') !== '');
  return {
    action: URL.canParse(action, address.href) ? new URL(action, address) : address,
    method: attribute(form, 'method').toUpperCase() || 'GET',
    fields: [...inputs, ...(submit ? [submit] : [])].map((element) => [
      attribute(element, 'name'),
      attribute(element, 'value'),
    ]),
    login: loginFieldsOf(inputs),
  };
}

function loginFieldsOf(inputs: readonly Element[]): PageForm['login'] {
  const password = inputs.find((input) => typeOf(input) === 'password');
  const names = inputs.filter((input) => FOR_NAMES.test(typeOf(input)));
  const username = names.find((input) => /user|email|login/i.test(attribute(input, 'name')));
  const chosen = username ?? names[0];
  if (password === undefined || chosen === undefined) return undefined;
  return { username: attribute(chosen, 'name'), password: attribute(password, 'name') };
}

function isSendable(element: Element): boolean {
  if (element.tagName !== 'input' || attribute(element, 'name') === '') return false;
  const type = typeOf(element);
  if (NOT_SENT.test(type) || has(element, 'disabled')) return false;
  return (type !== 'checkbox' && type !== 'radio') || has(element, 'checked');
}

function isSubmit(element: Element): boolean {
  const type = typeOf(element);
  return element.tagName === 'input'
    ? type === 'submit'
    : element.tagName === 'button' && (type === 'submit' || type === '');
}

/** AD FS 2: `…_ErrorTextLabel`; later ones: `errorText`. */
function errorTextIn(elements: readonly Element[]): string {
  const texts = elements
    .filter((element) => ERROR_PLACE.test(attribute(element, 'id')))
    .map((element) => textOf(element).replaceAll(/\s+/g, ' ').trim());
  return texts.find((text) => text !== '') ?? '';
}

/** In the order of the page. */
function elementsBelow(node: Node): Element[] {
  const found: Element[] = [];
  const left: Node[] = [node];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (one !== node && 'tagName' in one) found.push(one);
    if ('childNodes' in one) left.push(...one.childNodes.toReversed());
  }
  return found;
}

function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

function typeOf(element: Element): string {
  return attribute(element, 'type').toLowerCase();
}

function attribute(element: Element, name: string): string {
  return element.attrs.find((one) => one.name === name)?.value ?? '';
}

function has(element: Element, name: string): boolean {
  return element.attrs.some((one) => one.name === name);
}
