'use strict';

// Where Node lacks the place at which uvnet steps in before core takes a handle,
// a socket or server becomes core's as soon as anybody asks whether it is one:
// core's modules do that first.

let isEager = false;

// From now on.
function becomeCoresWhenAsked() {
  isEager = true;
}

// Somebody asks for the class of `value`.
function beforeAnswer(value, becomesCores) {
  if (isEager && value !== null && typeof value === 'object') {
    becomesCores(value);
  }
}

// Whether new servers had better listen on core's handle: a cluster's primary
// sends what its handles accept.
function needsCores() {
  return isEager;
}

module.exports = { becomeCoresWhenAsked, beforeAnswer, needsCores };
