// The search excludes words behind a dash. Options such as --resume are searched as words instead.
{
  const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
  Object.defineProperty(document.querySelector(".md-search__input"), "value", {
    get() {
      return value.get.call(this).replace(/(^|\s)-+(?=\w)/g, "$1");
    },
    set(text) {
      value.set.call(this, text);
    },
  });
}
