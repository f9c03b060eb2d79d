// Loaded for its effect: net is replaced in the whole process.
export {};
