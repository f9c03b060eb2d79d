// The types of register.js.
export {};
