// API=http://127.0.0.1:8080 node prompt.mjs
const api = process.env.API ?? "https://api.example";
const form = new FormData();
form.set("prompt[text]", "a cat --video --video_model kling25 --duration 5");
const response = await fetch(`${api}/tunes/7/prompts`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.API_KEY}` },
  body: form,
});
console.log(await response.text());
process.exitCode = response.ok ? 0 : 1;
