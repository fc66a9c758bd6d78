<?php
// Symfony's NotCompromisedPassword as an application uses it. argv: the endpoint. Standard input: a
// password. Prints `compromised`, `clean` or the exception.

require 'Symfony/Component/Validator/autoload.php';
require 'Symfony/Component/HttpClient/autoload.php';

use Symfony\Component\HttpClient\HttpClient;
use Symfony\Component\Validator\Constraints\NotCompromisedPassword;
use Symfony\Component\Validator\Constraints\NotCompromisedPasswordValidator;
use Symfony\Component\Validator\Constraint;
use Symfony\Component\Validator\ConstraintValidatorFactoryInterface;
use Symfony\Component\Validator\ConstraintValidatorInterface;
use Symfony\Component\Validator\Validation;

$validator = new NotCompromisedPasswordValidator(HttpClient::create(), 'UTF-8', true, $argv[1]);
// The framework's container does this for the setting
// `framework.validation.not_compromised_password.endpoint`.
$factory = new class($validator) implements ConstraintValidatorFactoryInterface {
    public function __construct(private ConstraintValidatorInterface $validator)
    {
    }

    public function getInstance(Constraint $constraint): ConstraintValidatorInterface
    {
        return $this->validator;
    }
};
$validation = Validation::createValidatorBuilder()->setConstraintValidatorFactory($factory)->getValidator();
try {
    $violations = $validation->validate(stream_get_contents(STDIN), new NotCompromisedPassword());
    echo count($violations) > 0 ? 'compromised' : 'clean';
} catch (Throwable $error) {
    echo get_class($error), ': ', $error->getMessage();
}
