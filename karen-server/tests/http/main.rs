//! Whole-system claims about the server, over real connections.

mod accounts;
mod chat;
mod commands;
mod connections;
mod harness;
mod memories;
mod memory;
mod openai;
mod openapi;
mod pages;
mod problems;
mod readme;
mod remote;
mod scripted;
